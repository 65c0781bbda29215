import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { urnOf } from "../../../components/declaration";
import { UserError } from "../../base/errors";
import { inFolder } from "../../base/process/in-folder";
import { AccountSnapshot } from "../../cloudflare/account-snapshot";
import { planSteps } from "../../cloudflare/stack-plan";
import { previewErrors, pulumi } from "../engine/pulumi";
import { configFileArgs, type EngineAccess, engineWords, runEngine } from "../secrets/engine-cli";
import { ConfigFile } from "../stack/config-file";
import { exportState, readState } from "../stack/read-stack";
import { readAccount } from "./account";
import { editConfig } from "./edit-config";
import { type EngineTable, engineTable, type Proof, prove } from "./engine-table";
import { importable, importFile } from "./import-file";
import { withInlinePolicies } from "./inline-policies";
import type { OpenAdoption } from "./open";
import { isDone, type Plan, planAdoption, wantedOf, withTable } from "./plan";
import type { StateEntry } from "./plan-input";
import { inScratch } from "./scratch";
import { withTokenVersions } from "./token-state";
import type { Choices, Row } from "./types";

/** What an adoption may do, and how it tells what it does. */
export interface AdoptOptions {
  choices: Choices;
  /** Called with the plan before anything changes; false ends without a change. */
  confirm(plan: Plan): Promise<boolean>;
  /** One line for each step. */
  log(line: string): void;
}

/** How an adoption ended. */
export interface AdoptResult {
  plan: Plan;
  /** Undefined: nothing was changed, since it was not confirmed. */
  proof?: Proof;
}

/**
 * Reads config, account and state, works out what there is to adopt, and asks the engine what the next `up` then changes.
 * Changes nothing.
 */
export async function readPlan(open: OpenAdoption, choices: Choices): Promise<Plan> {
  const plan = await findPlan(open, choices);
  if (plan.decisions.length === 0) return asked(open, plan);
  return asked(open, plan).catch((error: unknown) => {
    // What is to be decided may be what the program lacks, or refuses itself.
    if (error instanceof UserError) return plan;
    throw error;
  });
}

/** What there is to adopt, by config, account and state. */
async function findPlan(open: OpenAdoption, choices: Choices): Promise<Plan> {
  const { stack, project } = open;
  const [{ raw }, { resources }] = await Promise.all([
    open.config(),
    readState(open.engine("preview"), stack),
  ]);
  const state = new Map(resources.map(({ urn, id, inputs }): [string, StateEntry] => [urn, { id, inputs }]));
  const account = await readAccount(new AccountSnapshot(open.account("preview")), wantedOf({ raw, stack }));
  return planAdoption({ raw, project, stack, account, state, choices });
}

/**
 * A plan with what the engine says of it: the imports are done in a copy of the stack, and a preview there tells what the
 * next `up` changes. With nothing left to import, the stack itself is previewed.
 */
async function asked(open: OpenAdoption, plan: Plan): Promise<Plan> {
  if (isDone(plan)) return withTable(plan, await previewed(open, plan));
  const table = await inScratch(open, plan, async (scratch) => {
    await importAll(scratch, "preview", plan, "import", plan.known);
    await note(scratch, "preview", (state) =>
      withInlinePolicies(withTokenVersions(state, plan.rows, open), plan.rows, open),
    );
    return previewed(scratch, plan);
  });
  return withTable(plan, table);
}

/** Notes in a state what an import cannot read. */
async function note(
  open: OpenAdoption,
  as: "preview" | "up",
  noted: (state: string) => string,
): Promise<void> {
  const { stack } = open;
  const engine = open.engine(as);
  const state = await exportState(engine, stack);
  const input = noted(state);
  if (input === state) return;
  await runEngine(engine, {
    purpose: `note in the state of stack ${stack} what an import cannot read`,
    args: ["stack", "import", "--stack", stack],
    input,
  });
}

/** Writes what the plan says of the config to the stack's file. */
export async function writePlannedConfig(open: OpenAdoption, plan: Plan): Promise<void> {
  if (plan.configChanges.length === 0) return;
  const file = new ConfigFile(open.configFile);
  const before = await file.readIfThere();
  const { raw } = await open.config();
  await file.replace(before, editConfig(before, open.project, plan.configChanges, file.path, raw));
}

/**
 * Takes over what the plan says, and proves by a preview that the next `up` changes exactly what the table says. A
 * proof that fails, or an import that does, is undone: state and config are as before.
 * @throws {UserError} when something has to be decided first, or the proof fails.
 */
export async function adopt(open: OpenAdoption, options: AdoptOptions): Promise<AdoptResult> {
  const { choices, log } = options;
  const { stack } = open;
  const found = await findPlan(open, choices);
  refuseUndecided(found);
  const engine = open.engine("up");
  if (isDone(found)) {
    // A run before may have been cut off between the import and this.
    await note(open, "up", (state) => withTokenVersions(state, found.rows, open));
    const table = await previewed(open, found);
    const plan = withTable(found, table);
    refuseUndecided(plan);
    return { plan, proof: prove(plan.rows, table) };
  }
  const plan = await asked(open, found);
  refuseUndecided(plan);
  if (!(await options.confirm(plan))) return { plan };

  const stateBefore = await exportState(engine, stack);
  const configBefore = await new ConfigFile(open.configFile).readIfThere();
  const converted: string[] = [];
  try {
    await writePlannedConfig(open, plan);
    // First what can be undone: with it the stack is known to be free, and its state to be writable.
    const known = await importAll(open, "up", plan, "import", plan.known);
    await convertInline(open, plan, converted, log);
    await importAll(open, "up", plan, "convert, import", known);
    await note(open, "up", (state) => withTokenVersions(state, plan.rows, open));
    log(`imported ${importable(plan.rows).length} objects into the state of stack ${stack}`);
    return { plan, proof: await proven(open, plan) };
  } catch (error) {
    const kept =
      converted.length === 0
        ? ""
        : `; the policies ${converted.join(", ")} stay reusable, with the same rules`;
    const words = textOf(error);
    await undo(open, engine, stateBefore, configBefore).catch((failure: unknown) => {
      throw new UserError(
        `${words}\n  and what was done before could not all be put back: ${textOf(failure)}`,
        `Look at \`git diff\` and at \`pulumi stack history --stack ${stack}\`, then run the command again: it goes on with what is left${kept}.`,
      );
    });
    throw new UserError(words, `State and config of stack ${stack} are as before${kept}.`);
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const isConverted = (how: Row["how"]): boolean => how === "convert, import" || how === "convert, leave";

function refuseUndecided({ decisions }: Plan): void {
  const [first] = decisions;
  if (first === undefined) return;
  const list = decisions.map(({ what, why, remedy }) => `\n  ${what}: ${why}\n    → ${remedy}`);
  throw new UserError(
    `${decisions.length === 1 ? "1 thing has" : `${decisions.length} things have`} to be decided first:${list.join("")}`,
    "Nothing was changed. Decide, then run the command again.",
  );
}

/**
 * Makes the inline policies reusable. Who may pass stays the same: rules and place in the application are kept.
 * @param converted gets the name of each as soon as it is.
 */
async function convertInline(
  open: OpenAdoption,
  plan: Plan,
  converted: string[],
  log: AdoptOptions["log"],
): Promise<void> {
  const api = open.account("up");
  for (const { how, id, name, application } of plan.rows) {
    if (!isConverted(how) || id === undefined) continue;
    const path = `access/apps/${application}/policies/${id}/make_reusable`;
    await api.write("put", api.below(path), {
      action: "make reusable",
      object: `policy ${JSON.stringify(name)}`,
    });
    converted.push(JSON.stringify(name));
    log(`policy ${JSON.stringify(name)} is reusable now`);
  }
}

/**
 * Imports what is taken in one way.
 * @param known URNs that the state has
 * @returns with those of the components that it has now
 */
async function importAll(
  open: OpenAdoption,
  as: "preview" | "up",
  { rows }: Plan,
  way: "import" | "convert, import",
  known: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const { stack, project } = open;
  const engine = open.engine(as);
  const taken = rows.filter(({ how }) => how === way);
  const file = importFile({ rows: taken }, project, stack, known);
  if (file.resources.length === 0) return known;
  await inFolder("adopt", async (dir) => {
    // Names and ids alone; the folder is readable by its owner only.
    const path = join(dir, "import.json");
    await writeFile(path, JSON.stringify(file, null, 1), { mode: 0o600 });
    await runEngine(engine, {
      purpose: `import into stack ${stack}`,
      args: [
        ...["import", "--file", path, "--generate-code=false", "--protect=false"],
        ...["--yes", "--skip-preview", "--stack", stack, ...configFileArgs(engine)],
      ],
    });
  });
  const parents = taken.flatMap(({ resource }) => resource?.parent ?? []);
  return new Set([...known, ...parents.map((parent) => urnOf(parent, project, stack))]);
}

/** @throws {UserError} when the preview fails. */
async function previewed(open: OpenAdoption, { rows }: Plan): Promise<EngineTable> {
  const engine = open.engine("preview");
  const result = await pulumi(engine, [
    ...["preview", "--json", "--stack", open.stack],
    ...configFileArgs(engine),
  ]);
  if (result.code === 0) {
    return engineTable(rows, planSteps(result.stdout, "the preview"), open.project, open.stack);
  }
  // The program's own errors name objects by their ids, which are no secrets.
  const said = previewErrors(result.stdout).join("\n").trim() || engineWords(result);
  throw new UserError(`the preview after the import fails:\n${said}`, "Mend what it says.");
}

/** @throws {UserError} when a preview fails, or is not what the table says. */
async function proven(open: OpenAdoption, plan: Plan): Promise<Proof> {
  const proof = prove(plan.rows, await previewed(open, plan));
  if (proof.mismatches.length === 0) return proof;
  throw new UserError(
    `the preview after the import is not what the table says:\n${proof.mismatches.map((line) => `    ${line}`).join("\n")}`,
    "Run the command again; if it says the same, report it.",
  );
}

async function undo(open: OpenAdoption, engine: EngineAccess, state: string, config: string): Promise<void> {
  const file = new ConfigFile(open.configFile);
  await file.replace(await file.readIfThere(), config);
  await putBack(open, engine, state);
}

async function putBack({ stack }: OpenAdoption, engine: EngineAccess, state: string): Promise<void> {
  // Where nothing came into it, as when somebody else's update holds the stack, there is nothing to put back.
  if ((await exportState(engine, stack)) === state) return;
  await runEngine(engine, {
    purpose: `put back the state of stack ${stack}`,
    args: ["stack", "import", "--stack", stack],
    input: state,
  });
}
