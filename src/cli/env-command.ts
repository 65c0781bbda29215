import { join } from "node:path";
import { defineCommand } from "citty";
import { projectDir } from "../sandboxed/workspace";
import { engineAccess, isSandboxed } from "../stack/engine-access";
import { sandboxArg, stackArg, UsageError } from "./args";
import { runEnv } from "./env";

export const env = defineCommand({
  meta: {
    name: "env",
    description: "Hand the stack's credentials to a .env file, or to the stack's own encrypted config.",
  },
  args: {
    stack: stackArg,
    sandbox: sandboxArg,
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
    const sandboxed = isSandboxed(args);
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
        pulumi: await engineAccess(sandboxed),
      },
      {
        out: (line) => process.stdout.write(`${line}\n`),
        err: (line) => process.stderr.write(`${line}\n`),
      },
    );
  },
});
