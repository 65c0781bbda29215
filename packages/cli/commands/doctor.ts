import { defineCommand } from "citty";
import { examine, exitCode } from "../doctor/doctor";
import { openForDoctor } from "../doctor/open";
import { toJson, toText } from "../doctor/render";
import { allCommandsHere } from "../sandboxed/commands-here";
import { isSandboxed } from "../stack/engine-access";
import { sandboxArg, stackArg, UsageError } from "./args";

export const doctorCommand = defineCommand({
  meta: {
    name: "doctor",
    description:
      "Look for what would stop a preview or an update, or leave something open; changes nothing. " +
      "Exit 0: sound, 1: could not run, 2: wrong use, 3: errors, 4: warnings alone. " +
      "Whatever cannot be checked is a finding too.",
  },
  args: {
    stack: stackArg,
    sandbox: sandboxArg,
    for: {
      type: "string",
      default: "up",
      valueHint: "preview|up",
      description: "Whose permissions the API token has to have, exactly.",
    },
    json: { type: "boolean", default: false, description: "Report as JSON, without any secret." },
  },
  async run({ args }) {
    const purpose = args.for;
    if (purpose !== "preview" && purpose !== "up") {
      throw new UsageError(`--for is "${purpose}"`, "use --for preview or --for up");
    }
    const { input, close } = await openForDoctor({ stack: args.stack, sandbox: args.sandbox, purpose });
    try {
      const place = { stack: args.stack, sandboxed: isSandboxed(args) };
      const report = allCommandsHere(await examine(input), place);
      process.stdout.write(args.json ? toJson(report) : toText(report));
      return exitCode(report);
    } finally {
      await close();
    }
  },
});
