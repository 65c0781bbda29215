import { defineCommand } from "citty";
import { commandsHere } from "../sandboxed/commands-here";
import type { EngineAccess } from "../secrets/engine-cli";
import { SINK_KINDS, type SinkKind } from "../secrets/sink";
import { engineAccess, envFileOf, isSandboxed } from "../stack/engine-access";
import { sandboxArg, stackArg } from "./args";
import { refuseMisuse, runEnv } from "./env";

export const env = defineCommand({
  meta: {
    name: "env",
    description:
      "Hand the stack's credentials to a .env file, the stack's own encrypted config, Google Secret Manager or Infisical.",
  },
  args: {
    stack: stackArg,
    sandbox: sandboxArg,
    to: {
      type: "enum",
      options: [...SINK_KINDS],
      default: "file",
      description: "Where the values go.",
    },
    file: { type: "string", description: "The file. Default: .env, in the sandbox .env.<stack>." },
    project: {
      type: "string",
      description: "The Google Cloud project. Default: secretStore.project of the stack config.",
    },
    "infisical-url": {
      type: "string",
      description: "Infisical's address. Default: infisical.siteUrl of the stack config.",
    },
    "infisical-project": {
      type: "string",
      description: "Infisical's project id. Default: infisical.projectId of the stack config.",
    },
    "infisical-environment": {
      type: "string",
      description: "Infisical's environment. Default: infisical.environment of the stack config.",
    },
    "infisical-path": {
      type: "string",
      description: "Infisical's folder. Default: infisical.secretPath of the stack config.",
    },
    check: {
      type: "boolean",
      default: false,
      description:
        "Only say whether it is current, and look for the secrets in tracked files; exit 1 if not, or if one is there.",
    },
    json: { type: "boolean", default: false, description: "Report as JSON, without any value." },
    application: { type: "string", description: "Which application. Default: comfyui, or the only one." },
    token: { type: "string", description: "Which service token. Default: comfyui-api, or the only one." },
  },
  async run({ args }) {
    const { to } = args;
    const sandboxed = isSandboxed(args);
    const wanted = {
      stack: args.stack,
      to,
      file: args.file ?? (to === "file" ? envFileOf(args) : undefined),
      project: args.project,
      infisical: {
        siteUrl: args["infisical-url"],
        projectId: args["infisical-project"],
        environment: args["infisical-environment"],
        secretPath: args["infisical-path"],
      },
      check: args.check,
      json: args.json,
      application: args.application,
      token: args.token,
      sandboxed,
    };
    // Before an engine is looked for, which may have to be built.
    refuseMisuse(wanted);
    const { pulumi, close } = await openAccess(sandboxed, to);
    try {
      return await runEnv(
        { ...wanted, pulumi },
        {
          out: (line) => process.stdout.write(`${commandsHere(line, wanted)}\n`),
          err: (line) => process.stderr.write(`${commandsHere(line, wanted)}\n`),
        },
      );
    } finally {
      await close();
    }
  },
});

/** In the sandbox, the two that are services have to run; the other two are files. */
async function openAccess(
  sandboxed: boolean,
  to: SinkKind,
): Promise<{ pulumi: EngineAccess; close: () => Promise<void> }> {
  if (!sandboxed || to === "file" || to === "config") {
    return { pulumi: await engineAccess(sandboxed), close: async () => {} };
  }
  // A whole sandbox, which a file has no use for.
  const { openSandboxSession } = await import("../sandboxed/session.js");
  const session = await openSandboxSession({ log: (line) => process.stderr.write(`${line}\n`) });
  return { pulumi: session.target("preview"), close: () => session.close() };
}
