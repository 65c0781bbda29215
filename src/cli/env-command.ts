import { delimiter, join } from "node:path";
import { defineCommand } from "citty";
import { ensureEngine } from "../../tools/engine";
import { openWorkspace, projectDir } from "../sandboxed/workspace";
import { stackArg, UsageError } from "./args";
import { runEnv } from "./env";

export const env = defineCommand({
  meta: {
    name: "env",
    description: "Hand the stack's credentials to a .env file, or to the stack's own encrypted config.",
  },
  args: {
    stack: stackArg,
    sandbox: {
      type: "boolean",
      description:
        "Use the sandbox's own Pulumi state; --no-sandbox uses your login. Default: for the stack dev only.",
    },
    to: {
      type: "string",
      default: "file",
      valueHint: "file|config",
      description: "Where the values go.",
    },
    file: { type: "string", description: "The file. Default: .env, in the sandbox .env.<stack>." },
    check: { type: "boolean", default: false, description: "Only say whether it is current; exit 1 if not." },
    json: { type: "boolean", default: false, description: "Report as JSON, without any value." },
    application: { type: "string", description: "Which application. Default: comfyui, or the only one." },
    token: { type: "string", description: "Which service token. Default: comfyui-api, or the only one." },
  },
  async run({ args }) {
    if (args.to !== "file" && args.to !== "config") {
      throw new UsageError(`--to is "${args.to}"`, "use --to file or --to config");
    }
    const sandboxed = args.sandbox ?? args.stack === "dev";
    const engine = await ensureEngine({ log: (line) => process.stderr.write(`${line}\n`) });
    const env = sandboxed
      ? (await openWorkspace({ engine })).env
      : {
          ...process.env,
          PATH: [engine.binDir, process.env.PATH].filter((entry) => entry !== undefined).join(delimiter),
        };
    const defaultFile =
      args.to === "file" ? join(projectDir, sandboxed ? `.env.${args.stack}` : ".env") : undefined;
    return runEnv(
      {
        stack: args.stack,
        to: args.to,
        file: args.file ?? defaultFile,
        check: args.check,
        json: args.json,
        application: args.application,
        token: args.token,
        pulumi: { command: engine.command, cwd: projectDir, env },
      },
      {
        out: (line) => process.stdout.write(`${line}\n`),
        err: (line) => process.stderr.write(`${line}\n`),
      },
    );
  },
});
