import "../no-environment-in-reports";
import { type CommandDef, defineCommand, runCommand, showUsage } from "citty";
import { ApiError, UserError } from "../errors";
import { refuseUnknownOptions, UsageError } from "./args";
import { overview } from "./overview";

// Each command loads its own code: most of the start-up would otherwise be spent on the others'.
const commands: Record<string, () => Promise<CommandDef<never>>> = {
  demo: () => import("./demo.js").then((module) => module.demo as CommandDef<never>),
  sandbox: () => import("./sandbox.js").then((module) => module.sandbox as CommandDef<never>),
  up: () => import("./stack.js").then((module) => module.up as CommandDef<never>),
  preview: () => import("./stack.js").then((module) => module.preview as CommandDef<never>),
  destroy: () => import("./stack.js").then((module) => module.destroy as CommandDef<never>),
  env: () => import("./env-command.js").then((module) => module.env as CommandDef<never>),
  verify: () => import("./verify.js").then((module) => module.verifyCommand as CommandDef<never>),
  explain: () => import("./explain.js").then((module) => module.explainCommand as CommandDef<never>),
  guardrails: () => import("./guardrails.js").then((module) => module.guardrailsCommand as CommandDef<never>),
  "access-diff": () =>
    import("./access-diff.js").then((module) => module.accessDiffCommand as CommandDef<never>),
  audit: () => import("./audit.js").then((module) => module.auditCommand as CommandDef<never>),
  doctor: () => import("./doctor.js").then((module) => module.doctorCommand as CommandDef<never>),
  adopt: () => import("./adopt.js").then((module) => module.adoptCommand as CommandDef<never>),
  rotate: () => import("./rotate.js").then((module) => module.rotateCommand as CommandDef<never>),
  drift: () => import("./drift.js").then((module) => module.driftCommand as CommandDef<never>),
  orphans: () => import("./orphans.js").then((module) => module.orphansCommand as CommandDef<never>),
};

const META = {
  name: "comfyui-access",
  description: "Puts a self-hosted web app behind Cloudflare Access, and proves it in a sandbox.",
};

/** The name before a command's own, in its help. */
const main = defineCommand({ meta: META });

/** @returns the exit code. */
async function start([name, ...rest]: string[]): Promise<number> {
  if (name === undefined || name === "--help" || name === "-h") {
    process.stdout.write(await overview(META, commands));
    return name === undefined ? 2 : 0;
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load === undefined) {
    throw new UsageError(`there is no command ${name}`, `use one of ${Object.keys(commands).join(", ")}`);
  }
  const command = await load();
  const own = rest.includes("--") ? rest.slice(0, rest.indexOf("--")) : rest;
  if (own.includes("--help") || own.includes("-h")) {
    await showUsage(command as CommandDef, main);
    return 0;
  }
  refuseUnknownOptions(rest, Object.keys((await (command as CommandDef).args) ?? {}));
  // Not through `main`: citty drops what a subcommand returns, and with it the exit code.
  const { result } = await runCommand(command, { rawArgs: rest });
  return typeof result === "number" ? result : 0;
}

// `… | head` closes the pipe early; what is under way is still finished.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_DESTROYED") throw error;
  });
}

start(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    // Wrong use is citty's own error; a user's mistake and a failed call say all that is needed themselves.
    const usage = error instanceof UsageError || (error instanceof Error && error.name === "CLIError");
    const expected = usage || error instanceof UserError || error instanceof ApiError;
    const text =
      error instanceof Error ? (expected ? error.message : (error.stack ?? error.message)) : String(error);
    process.stderr.write(`\n${expected ? "error: " : ""}${text}\n`);
    process.exitCode = usage ? 2 : 1;
  },
);
