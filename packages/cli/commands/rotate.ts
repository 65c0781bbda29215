import { join, relative, resolve } from "node:path";
import { defineCommand } from "citty";
import { LONGEST_OVERLAP_MS } from "../../../config/limits";
import { parseDuration } from "../../base/duration";
import { onInterruption } from "../../base/process/signals";
import { rotationStatus, runRotation, toEnd, toLine, toStatus } from "../rotate/report";
import { type RotateOptions, Rotation, type StepLine } from "../rotate/rotate";
import { allCommandsHere } from "../sandboxed/commands-here";
import { projectDir } from "../sandboxed/workspace";
import { SINK_KINDS } from "../secrets/sink";
import { ConfigFile } from "../stack/config-file";
import { envFileOf, isSandboxed } from "../stack/engine-access";
import { openStack } from "../stack/open-stack";
import { namedIn, sandboxArg, stackArg, UsageError } from "./args";
import { ask } from "./ask";
import { said } from "./failure";

const MINUTE = 60_000;

export const rotateCommand = defineCommand({
  meta: {
    name: "rotate",
    description:
      "Give a service token a new secret while the old one still works: version raised, sinks written, new secret " +
      "tried at the edge, then the old one ended. Goes on with what a run before began. " +
      "Exit 0: done, or nothing due, 1: failed, 2: wrong use, 3: half done, run it again; the old secret works.",
  },
  args: {
    stack: stackArg,
    sandbox: sandboxArg,
    "config-file": { type: "string", description: "The stack's config file. Default: Pulumi.<stack>.yaml." },
    token: { type: "string", default: "comfyui-api", description: "Name of the service token." },
    overlap: {
      type: "string",
      valueHint: "24h",
      default: "24h",
      description:
        "How long the old secret is still accepted, as a Go duration: 10m to 720h, the longest that Cloudflare takes it.",
    },
    end: {
      type: "enum",
      options: ["overlap", "now"],
      default: "overlap",
      description: "When the old secret ends: when the overlap is over, or as soon as the new one is in use.",
    },
    to: {
      type: "string",
      default: "file",
      valueHint: `${SINK_KINDS.join("|")},…`,
      description: "Where the new credentials go, separated by commas.",
    },
    file: {
      type: "string",
      description: "With --to file: the path. Default: .env, in the sandbox .env.<stack>.",
    },
    application: {
      type: "string",
      description: "Whose address goes along. Default: comfyui, or the only one.",
    },
    "when-older-than": {
      type: "string",
      valueHint: "90d",
      description: "Rotate only a secret that is so old: for a schedule. Days, or a Go duration.",
    },
    "if-expiring-within": {
      type: "string",
      valueHint: "30d",
      description: "Rotate only a token that ends within this time, and make it live a year longer.",
    },
    finish: {
      type: "boolean",
      default: false,
      description: "Begin nothing: bring to its end what is under way, and end the old secret now.",
    },
    again: {
      type: "boolean",
      default: false,
      description: "Rotate although the old secret of the last rotation is still accepted; it ends at once.",
    },
    probe: {
      type: "boolean",
      default: true,
      description: "Try the secrets at the edge; --no-probe trusts what the API answered.",
    },
    status: { type: "boolean", default: false, description: "Change nothing: say how things stand." },
    yes: { type: "boolean", default: false, description: "Do not ask." },
    json: { type: "boolean", default: false, description: "Answer as JSON." },
  },
  async run({ args }) {
    const { end } = args;
    const overlapMs = duration("--overlap", args.overlap, 10 * MINUTE, LONGEST_OVERLAP_MS);
    const kinds = namedIn(args.to, SINK_KINDS);
    if (args.file !== undefined && !kinds.includes("file")) {
      throw new UsageError("--file belongs to --to file", "add file to --to, or leave --file out");
    }
    if (!args.probe && (args.finish || end === "now")) {
      throw new UsageError("--no-probe would end the old secret untried", "leave it to the overlap");
    }
    if (!args.yes && !args.status && (args.json || !process.stdin.isTTY)) {
      throw new UsageError("rotate asks before it changes anything, and nobody is there to ask", "add --yes");
    }
    const age = args["when-older-than"];
    const within = args["if-expiring-within"];
    const expiringWithinMs = within === undefined ? undefined : days("--if-expiring-within", within);
    const configFile = args["config-file"] === undefined ? undefined : resolve(args["config-file"]);
    const stop = new AbortController();
    const opened = await openStack({ ...args, configFile });
    // Ctrl-C reaches the engine too, which ends in an orderly way; this run then stops between two steps.
    const giveBack = onInterruption(() => stop.abort());
    try {
      const file = new ConfigFile(configFile ?? join(projectDir, `Pulumi.${args.stack}.yaml`));
      const steps: StepLine[] = [];
      const options: RotateOptions = {
        token: args.token,
        wish: {
          overlapMs,
          end: args.finish ? "now" : end,
          finish: args.finish,
          again: args.again,
          extendWithinMs: expiringWithinMs,
        },
        dueWhen: {
          olderThanMs: age === undefined ? undefined : days("--when-older-than", age),
          expiringWithinMs,
        },
        sinks: { kinds, options: { file: args.file ?? envFileOf(args) }, application: args.application },
        probe: args.probe,
        patienceMs: MINUTE,
        confirm: (intention) =>
          args.yes ? Promise.resolve(true) : ask(`This will ${intention}. Go on? [y/N] `),
        onStep: (line) => {
          steps.push(line);
          if (!args.json && !args.status) process.stdout.write(toLine(line));
        },
        signal: stop.signal,
      };
      const subject = { stack: args.stack, token: args.token, file: relative(process.cwd(), file.path) };
      const rotation = new Rotation(opened, file, options);
      const place = { stack: args.stack, sandboxed: isSandboxed(args) };
      if (!args.json) process.stdout.write(`${args.token} (${opened.environment})\n`);
      if (args.status) {
        const status = allCommandsHere(await rotationStatus(rotation, subject), place);
        process.stdout.write(args.json ? `${JSON.stringify(status, null, 2)}\n` : toStatus(status));
        return 0;
      }
      const report = allCommandsHere(await runRotation(rotation, subject, steps), place);
      if (args.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
      else if (report.outcome === "failed" || report.outcome === "stopped")
        process.stderr.write(said(report.detail));
      else process.stdout.write(toEnd(report));
      return report.exitCode;
    } finally {
      giveBack();
      await opened.close();
    }
  },
});

/** A Go duration within limits, in milliseconds. */
function duration(option: string, value: string, least: number, most: number): number {
  const ms = (parseDuration(value) ?? Number.NaN) * 1000;
  if (ms >= least && ms <= most) return ms;
  throw new UsageError(
    `${option} is "${value}"`,
    `use a Go duration from ${least / MINUTE}m to ${most / MINUTE / 60}h, e.g. 24h`,
  );
}

/** Days such as `30d`, or a Go duration, in milliseconds. */
function days(option: string, value: string): number {
  const whole = /^(\d+)d$/.exec(value)?.[1];
  return duration(option, whole === undefined ? value : `${Number(whole) * 24}h`, 0, 87_600 * 60 * MINUTE);
}
