// Compares what is live with what is declared, and says which service tokens end soon.
//
//   tsx tools/github/drift.ts --stack prod --out findings.json [--days 30]
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { pulumi } from "../../src/pulumi";
import { guardrails } from "../../src/sandboxed/pulumi";
import { type EngineAccess, runEngine } from "../../src/secrets/engine-cli";
import { engineAccess } from "../../src/stack/engine-access";
import { readEvents, streamedEvents } from "./engine-events";
import type { Findings } from "./plain/findings";

type Compared = Pick<Findings, "failure" | "drift">;

/** Every failure counts, a credential that is no longer accepted among them: silence is not health. */
async function compare(engine: EngineAccess, stack: string): Promise<Compared> {
  const target = { ...engine, env: { ...engine.env, ...streamedEvents } };
  const args = ["preview", "--refresh", "--json", "--stack", stack, ...guardrails];
  const result = await pulumi(target, args);
  const { completed, steps, diagnostics } = readEvents(result.stdout, result.code);
  const words = diagnostics.length > 0 ? diagnostics : [`pulumi preview ended with ${result.code}`];
  return {
    failure: completed ? [] : words,
    drift: steps.map(({ op, type, name, properties }) => `${op} ${type} ${name}: ${properties.join(", ")}`),
  };
}

/** Names and dates only: the rest of this output is secret and is not kept. */
async function expiring(engine: EngineAccess, stack: string, days: number): Promise<Findings["expiring"]> {
  const text = await runEngine(engine, {
    purpose: `read the outputs of stack ${stack}`,
    args: ["stack", "output", "serviceTokens", "--json", "--show-secrets", "--stack", stack],
  });
  const tokens = JSON.parse(text) as Record<string, { expiresAt: string }>;
  const limit = Date.now() + days * 86_400_000;
  return Object.entries(tokens)
    .map(([name, { expiresAt }]) => ({ name, expiresAt }))
    .filter(({ expiresAt }) => Date.parse(expiresAt) < limit);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      stack: { type: "string", default: "prod" },
      out: { type: "string", default: "findings.json" },
      days: { type: "string", default: "30" },
    },
  });
  const engine = await engineAccess(false);
  const compared = await compare(engine, values.stack);
  const tokens = await expiring(engine, values.stack, Number(values.days)).catch((error: Error) => {
    compared.failure.push(error.message);
    return [];
  });
  const findings: Findings = { version: 1, ...compared, expiring: tokens };
  await writeFile(values.out, `${JSON.stringify(findings, null, 2)}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
