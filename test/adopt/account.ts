import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Account, readAccount } from "../../packages/cli/adopt/account";
import { type EngineTable, engineTable } from "../../packages/cli/adopt/engine-table";
import { type Plan, planAdoption, wantedOf, withTable } from "../../packages/cli/adopt/plan";
import type { PlanInput } from "../../packages/cli/adopt/plan-input";
import type { Choices } from "../../packages/cli/adopt/types";
import { AccountApi, type Wire } from "../../packages/cloudflare/account-api";
import { AccountSnapshot } from "../../packages/cloudflare/account-snapshot";
import { planSteps } from "../../packages/cloudflare/stack-plan";
import { LIVED_IN_SEED } from "../../packages/sandbox/account/lived-in";
import { DEV_ACCOUNT_ID, type Seed } from "../../packages/sandbox/account/seed";
import { startSandbox } from "../../packages/sandbox/server/server";

export const HOSTNAME = "comfyui.datacrew.space";

/** As little config as an operator can write. */
export const MINIMAL = {
  accountId: DEV_ACCOUNT_ID,
  zone: "datacrew.space",
  teamName: "datacrew",
  applications: [{ hostname: HOSTNAME }],
};

/** What the sandbox shows of an account, read through its API as any account is. */
export async function readSeed(
  seed: Seed = LIVED_IN_SEED,
  raw: Record<string, unknown> = MINIMAL,
): Promise<Account> {
  const sandbox = await startSandbox({ seed });
  try {
    const access = { accountId: DEV_ACCOUNT_ID, token: sandbox.tokens.preview, baseUrl: sandbox.apiUrl };
    return await readAccount(new AccountSnapshot(new AccountApi(access)), wantedOf({ raw, stack: "dev" }));
  } finally {
    await sandbox.close();
  }
}

export const choices = (take: string[] = [], rest: Partial<Choices> = {}): Choices => ({
  take: new Set(take),
  convertInline: true,
  ...rest,
});

export function planOf(account: Account, input: Partial<PlanInput> = {}): Plan {
  return planAdoption({
    raw: MINIMAL,
    project: "comfyui-access",
    stack: "dev",
    account,
    state: new Map(),
    choices: choices(),
    ...input,
  });
}

/** One step of a preview, as the engine prints it. */
export interface Step {
  op: string;
  urn: string;
  diffReasons?: string[];
  oldState?: { inputs: Record<string, unknown>; outputs: Record<string, unknown> };
  newState?: { inputs: Record<string, unknown> };
}

/**
 * What the engine said of the account that people have lived in, imported into a copy of the stack: recorded, and held
 * by test/engine/adopt.test.ts, whose table has to be the one that follows from it.
 */
export const previewSteps = (): Step[] =>
  (JSON.parse(readFileSync(join(__dirname, "../fixtures/adopt-preview.json"), "utf8")) as { steps: Step[] })
    .steps;

/** A plan with what the engine says of it. */
export function tabled(plan: Plan, steps = previewSteps()): Plan {
  return withTable(plan, tableOf(plan, steps));
}

export function tableOf({ rows }: Plan, steps = previewSteps()): EngineTable {
  return engineTable(rows, planSteps(JSON.stringify({ steps }), "the preview"), "comfyui-access", "dev");
}

/** A copy of an account in which one object is different. */
export function edited<
  K extends "applications" | "policies" | "serviceTokens" | "records" | "tunnels" | "identityProviders",
>(account: Account, kind: K, id: string, edit: (wire: Record<string, unknown>) => Wire | undefined): Account {
  const copy = structuredClone(account);
  const list = copy[kind].flatMap((each) => {
    const wire = each["id"] === id ? edit(each as Record<string, unknown>) : each;
    return wire === undefined ? [] : [wire];
  });
  return { ...copy, [kind]: list };
}
