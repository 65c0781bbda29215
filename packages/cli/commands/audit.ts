import { join, resolve } from "node:path";
import { defineCommand } from "citty";
import { writeReport } from "../../base/process/report-file";
import { audit } from "../audit/audit";
import { collect } from "../audit/collect";
import { protectedHostname } from "../audit/hostname";
import { countsOf, toJson, toMarkdown, toSummary } from "../audit/render";
import { stackArg, UsageError } from "./args";

export const auditCommand = defineCommand({
  meta: {
    name: "audit",
    description:
      "Find the code in a folder that calls ComfyUI's API, and say what Access changes for it. Reads files only. " +
      "Exit 0: nothing needs to change, 1: failed, 2: wrong use, 3: something needs to change, " +
      "4: nothing, as far as it could read: some files it could not.",
  },
  args: {
    folder: {
      type: "positional",
      required: false,
      default: ".",
      description: "The folder. Default: this one.",
    },
    hostname: {
      type: "string",
      valueHint: "name",
      description: "The host name that Access protects. Default: of .env or the stack's config here.",
    },
    stack: stackArg,
    output: {
      type: "string",
      valueHint: "file",
      default: "comfyui-api-audit.md",
      description: "Where the report is written; - writes it to standard output.",
    },
    strict: {
      type: "boolean",
      default: false,
      description: "Exit 3 also for uses that somebody has to check.",
    },
    "max-bytes": {
      type: "string",
      valueHint: "bytes",
      default: "1000000",
      description: "Larger files are not read.",
    },
    json: {
      type: "boolean",
      default: false,
      description: "Report as JSON on standard output, and write no file.",
    },
  },
  async run({ args }) {
    const maxBytes = sizeOf(args["max-bytes"]);
    const hostname = hostnameOf(args.hostname) ?? (await protectedHostname(process.cwd(), args.stack));
    const { files, skipped } = await collect(resolve(args.folder), maxBytes);
    const own = resolve(args.output);
    // An earlier report quotes the lines that it found.
    const others = files.filter(({ path }) => join(resolve(args.folder), path) !== own);
    const found = await audit(others, hostname);
    const report = { ...found, skipped: [...skipped, ...found.skipped] };
    if (args.json) process.stdout.write(toJson(report));
    else if (args.output === "-") process.stdout.write(toMarkdown(report));
    else {
      await writeReport(own, toMarkdown(report), "--output");
      process.stdout.write(toSummary(report, args.output));
    }
    const { change, check, leaks } = countsOf(report);
    if (change + leaks > 0 || (args.strict && check > 0)) return 3;
    return report.skipped.length > 0 ? 4 : 0;
  },
});

function sizeOf(value: string): number {
  if (/^[1-9]\d{0,9}$/.test(value)) return Number(value);
  throw new UsageError(`--max-bytes is "${value}"`, "use a whole number such as 1000000");
}

function hostnameOf(value: string | undefined): string | undefined {
  if (value === undefined || /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(value)) return value?.toLowerCase();
  throw new UsageError(`--hostname is "${value}"`, "use a host name such as comfyui.datacrew.space");
}
