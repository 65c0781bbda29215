import { defineCommand, runCommand, showUsage } from "citty";
import { ApiError, UserError } from "../errors";

// Each command loads its own code: most of the start-up would otherwise be spent on the others'.
const main = defineCommand({
  meta: {
    name: "comfyui-access",
    description: "Puts a self-hosted web app behind Cloudflare Access, and proves it in a sandbox.",
  },
  subCommands: {
    demo: () => import("./demo.js").then((module) => module.demo),
    sandbox: () => import("./sandbox.js").then((module) => module.sandbox),
    up: () => import("./stack.js").then((module) => module.up),
    preview: () => import("./stack.js").then((module) => module.preview),
    destroy: () => import("./stack.js").then((module) => module.destroy),
    env: () => import("./env-command.js").then((module) => module.env),
  },
});

async function start(args: string[]): Promise<number> {
  if (args.length === 0 || args[0] === "--help" || args[0] === "-h") {
    await showUsage(main);
    return args.length === 0 ? 2 : 0;
  }
  const asksHelp = args.includes("--help") || args.includes("-h");
  if (asksHelp) {
    const name = args[0] ?? "";
    const load = (main.subCommands as Record<string, () => Promise<Parameters<typeof showUsage>[0]>>)[name];
    if (load) {
      await showUsage(await load(), main);
      return 0;
    }
  }
  const { result } = await runCommand(main, { rawArgs: args });
  return typeof result === "number" ? result : 0;
}

// `… | head` closes the pipe early; what is under way is still finished.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

start(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    // Wrong use is citty's own error; a user's mistake and a failed call say all that is needed themselves.
    const usage = error instanceof Error && error.name === "CLIError";
    const expected = usage || error instanceof UserError || error instanceof ApiError;
    const text =
      error instanceof Error ? (expected ? error.message : (error.stack ?? error.message)) : String(error);
    process.stderr.write(`\n${expected ? "error: " : ""}${text}\n`);
    process.exitCode = usage ? 2 : 1;
  },
);
