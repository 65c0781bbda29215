import { readFile } from "node:fs/promises";
import { defineCommand } from "citty";
import type { Violation } from "../../../policies/judge";
import { checkConfig, type PackConfig, type StackLimits, stackLimitsOf } from "../../../policies/pack-config";
import { judgeState } from "../../../policies/state";
import { UserError } from "../../base/errors";
import { engineAccess, isSandboxed } from "../stack/engine-access";
import { readOpenConfig } from "../stack/read-stack";
import { sandboxArg, stackArg } from "./args";
import { type Judged, judgedLine, readJudgedState, type StateArgs } from "./judged";

export const guardrailsCommand = defineCommand({
  meta: {
    name: "guardrails",
    description:
      "Judge what a stack has deployed by the same rules as `pulumi preview --policy-pack policies/run`, from its " +
      "state alone, not from the live account. Exit 0: every rule holds, 1: not, 2: wrong use.",
  },
  args: {
    stack: stackArg,
    sandbox: sandboxArg,
    state: {
      type: "string",
      valueHint: "file",
      description: "A file that `pulumi stack export` wrote, instead of a stack.",
    },
    config: {
      type: "string",
      valueHint: "file",
      description: "The pack's config, as for --policy-pack-config: limits and exceptions by rule.",
    },
    json: { type: "boolean", default: false, description: "Answer as JSON." },
  },
  async run({ args }) {
    const config = args.config === undefined ? {} : await readConfig(args.config);
    const { text, where, judged } = await readJudgedState(args);
    const violations = judgeState(text, where, { config, stackLimits: await limitsFor(args) });
    process.stdout.write(args.json ? toJson(judged, violations) : judgedLine(judged) + toText(violations));
    return violations.length === 0 ? 0 : 1;
  },
});

/** The limits that the stack's config sets; of a file nobody knows the config. */
async function limitsFor(args: StateArgs): Promise<StackLimits | undefined> {
  if (args.state !== undefined) return undefined;
  const { raw } = await readOpenConfig(await engineAccess(isSandboxed(args)), args.stack);
  return stackLimitsOf((key) => raw[key]);
}

/** The pack's own words do not say which file they are about. */
async function readConfig(file: string): Promise<PackConfig> {
  const config = await readJson(file);
  try {
    return checkConfig(config);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${file}: ${error.found}`, error.remedy);
  }
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await read(file));
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${file} is not JSON`, "Give limits and exceptions by rule.");
  }
}

async function read(file: string): Promise<string> {
  return readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`cannot read ${file} (${error.code})`, "Check the path.");
  });
}

function toText(violations: readonly Violation[]): string {
  if (violations.length === 0) return "Every guardrail holds.\n";
  const lines = violations.map(({ rule, message }) => `✗ ${rule.name}\n    ${message}\n`);
  return `${lines.join("")}${violations.length} violation${violations.length === 1 ? "" : "s"}\n`;
}

function toJson(judged: Judged, violations: readonly Violation[]): string {
  const plain = violations.map(({ rule, ...violation }) => ({ rule: rule.name, ...violation }));
  return `${JSON.stringify({ judged, violations: plain }, null, 2)}\n`;
}
