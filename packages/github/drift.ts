// Compares what is live with what the last update left and with what is declared, and says which service tokens end
// soon.
//
//   npm run github:drift -- --stack prod --out findings.json [--days 30] [--mask true]
import "../base/process/no-environment-in-reports";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { maskAddresses } from "../cli/access-diff/mask";
import { groupsOf } from "../cli/access-diff/sections";
import { drift } from "../cli/drift/drift";
import { acceptedParts, RESULTS, unseenWords } from "../cli/drift/render/sections";
import { changeWords, objectWords } from "../cli/drift/render/words";
import type { DriftReport } from "../cli/drift/types";
import { pulumi } from "../cli/engine/pulumi";
import { told } from "../cli/orphans/words";
import { guardrails } from "../cli/sandboxed/pulumi";
import type { EngineAccess } from "../cli/secrets/engine-cli";
import { openStack } from "../cli/stack/open-stack";
import { projectName } from "../cli/stack/read-stack";
import { readEvents, streamedEvents } from "./engine-events";
import type { Findings } from "./plain/findings";

/** What is known when nothing is. */
const NOTHING: Omit<Findings, "version" | "failure"> = {
  drift: [],
  access: [],
  undeployed: [],
  unseen: [],
  expiring: [],
};

/** Every failure counts, a credential that is no longer accepted among them: silence is not health. */
async function undeployed(
  engine: EngineAccess,
  stack: string,
): Promise<Pick<Findings, "failure" | "undeployed">> {
  const target = { ...engine, env: { ...engine.env, ...streamedEvents } };
  const result = await pulumi(target, ["preview", "--json", "--stack", stack, ...guardrails]);
  const { completed, steps, diagnostics } = readEvents(
    result.stdout,
    result.code,
    await projectName(engine.cwd),
  );
  const words = diagnostics.length > 0 ? diagnostics : [`pulumi preview ended with ${result.code}`];
  return {
    failure: completed ? [] : words,
    undeployed: steps.map(
      ({ op, type, name, properties }) => `${op} ${type} ${name}: ${properties.join(", ")}`,
    ),
  };
}

/** What drift found, one line each. */
function linesOf(report: DriftReport): Omit<Findings, "version" | "undeployed"> {
  const { access, changes, expiring, failures, names, orphans, unseen } = report;
  // What does not count is told all the same.
  const apart = acceptedParts(report);
  return {
    failure: failures.map(({ what, why }) => `${what}: ${why}`),
    drift: [
      ...changes.map((change) => {
        const field = change.field === undefined ? "" : `${change.field}: `;
        return `${objectWords(change)}: ${field}${changeWords(change, names)}`;
      }),
      ...orphans
        .map(told)
        .map(({ kind, name, id, why }) => `${kind} ${name} (${id}) is not in the state: ${why}`),
    ],
    access: [
      ...groupsOf({ ...access, undecided: [] }).flatMap(({ title, lines }) =>
        lines.map((line) => `${title}: ${line}`),
      ),
      ...changes.flatMap((change) =>
        change.opens === undefined ? [] : [`${objectWords(change)}: ${change.opens}`],
      ),
    ],
    unseen: [
      ...unseen.map((each) => `${RESULTS[each.result]}: ${each.what} (${each.why}); ${unseenWords(each)}`),
      ...apart.flatMap(({ title, groups }) =>
        groups.flatMap(({ heading, lines }) =>
          lines.map(({ about, text }) => [`${title}: ${heading}`, about, text].filter(Boolean).join(" ")),
        ),
      ),
    ],
    expiring,
  };
}

async function findingsOf(stack: string, { days, mask }: { days: number; mask: boolean }): Promise<Findings> {
  const opened = await openStack({ stack });
  try {
    const declared = await undeployed(opened.engine("preview"), stack);
    const found = await drift(opened, { days }).then(linesOf, (error: Error) => ({
      ...NOTHING,
      failure: [error.message],
    }));
    const failure = [...found.failure, ...declared.failure];
    const findings: Findings = { version: 2, ...found, undeployed: declared.undeployed, failure };
    const salt = process.env["ACCESS_DIFF_SALT"] || randomBytes(16).toString("hex");
    return mask ? maskAddresses(findings, salt) : findings;
  } finally {
    await opened.close();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      stack: { type: "string", default: "prod" },
      out: { type: "string", default: "findings.json" },
      days: { type: "string", default: "30" },
      mask: { type: "string", default: "true" },
    },
  });
  const { stack, days, mask, out } = values;
  const findings = await findingsOf(stack, { days: Number(days), mask: mask !== "false" }).catch(
    (error: Error): Findings => ({ version: 2, ...NOTHING, failure: [error.message] }),
  );
  await writeFile(out, `${JSON.stringify(findings, null, 2)}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
