import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { urnOf } from "../../../components/declaration";
import { UserError } from "../../base/errors";
import { AccountSnapshot } from "../../cloudflare/account-snapshot";
import { previewErrors, pulumi } from "../engine/pulumi";
import { configFileArgs, type EngineAccess, engineWords, runEngine } from "../secrets/engine-cli";
import { ConfigFile } from "../stack/config-file";
import { exportState, readState } from "../stack/read-stack";
import { readAccount } from "./account";
import { editConfig } from "./edit-config";
import { importable, importFile } from "./import-file";
import type { OpenAdoption } from "./open";
import { isDone, type Plan, planAdoption, wantedOf } from "./plan";
import type { StateEntry } from "./plan-input";
import { type Proof, prove } from "./prove";
import { noteTokenVersions } from "./token-state";
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

/** Reads config, account and state, and works out what there is to adopt. Changes nothing. */
export async function readPlan(
  open: OpenAdoption,
  choices: Choices,
  { beforeConversion = false } = {},
): Promise<Plan> {
  const { stack, project } = open;
  const [raw, state] = await Promise.all([open.raw(), readEntries(open)]);
  const account = await readAccount(new AccountSnapshot(open.account("preview")), wantedOf({ raw, stack }));
  return planAdoption({ raw, project, stack, account, state, choices, beforeConversion });
}

async function readEntries(open: OpenAdoption): Promise<Map<string, StateEntry>> {
  const { resources } = await readState(open.engine("preview"), open.stack);
  return new Map(resources.map(({ urn, id, inputs }) => [urn, { id, inputs }]));
}

/** Writes what the plan says of the config to the stack's file. */
export async function writePlannedConfig(open: OpenAdoption, plan: Plan): Promise<void> {
  if (plan.configChanges.length === 0) return;
  const file = new ConfigFile(open.configFile);
  const before = await file.readIfThere();
  const changed = editConfig(before, open.project, plan.configChanges, file.path, await open.raw());
  await file.replace(before, changed);
}

/**
 * Takes over what the plan says, and proves by a preview that the next `up` changes exactly what the table says. A
 * proof that fails, or an import that does, is undone: state and config are as before.
 * @throws {UserError} when something has to be decided first, or the proof fails.
 */
export async function adopt(open: OpenAdoption, options: AdoptOptions): Promise<AdoptResult> {
  const { choices, log } = options;
  const plan = await readPlan(open, choices);
  refuseUndecided(plan);
  const engine = open.engine("up");
  if (isDone(plan)) {
    // A run before may have been cut off between the import and this.
    await noteTokenVersions(engine, open, plan);
    return { plan, proof: await proven(open, plan) };
  }
  if (!(await options.confirm(plan))) return { plan };

  const { stack } = open;
  const stateBefore = await exportState(engine, stack);
  const configBefore = await new ConfigFile(open.configFile).readIfThere();
  const converted: string[] = [];
  try {
    await writePlannedConfig(open, plan);
    if (isConverting(plan)) {
      await rehearse(open, engine, choices, stateBefore);
      log("all else was tried and put back; now the inline policies, for good");
    }
    await convertInline(open, plan, converted, log);
    await refreshConverted(open, engine, plan);
    const settled = converted.length === 0 ? plan : await settledPlan(open, plan, choices);
    await importAll(open, engine, settled);
    await noteTokenVersions(engine, open, settled);
    log(`imported ${importable(settled.rows).length} objects into the state of stack ${stack}`);
    return { plan: settled, proof: await proven(open, settled) };
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

const isConverting = ({ rows }: Plan): boolean => rows.some(({ how }) => isConverted(how));

/**
 * Tries with the real engine all that can be tried before policies are converted, which cannot be undone: the config as
 * it is going to be, the lock, the program, the import of everything that needs no conversion, and the preview after it.
 * The state is then as it was.
 * @throws {UserError} when any of it fails.
 */
async function rehearse(
  open: OpenAdoption,
  engine: EngineAccess,
  choices: Choices,
  stateBefore: string,
): Promise<void> {
  const plan = await readPlan(open, choices, { beforeConversion: true });
  await importAll(open, engine, plan);
  await noteTokenVersions(engine, open, plan);
  await proven(open, plan);
  await putBack(open, engine, stateBefore);
}

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
 * An application that an interrupted run had taken into the state before its policies were converted has them there as a
 * whole; what is shown now is references.
 */
async function refreshConverted(open: OpenAdoption, engine: EngineAccess, { rows }: Plan): Promise<void> {
  const { stack, project } = open;
  const converted = new Set(rows.flatMap(({ how, application }) => (isConverted(how) ? [application] : [])));
  for (const { kind, how, id, name, resource } of rows) {
    if (kind !== "application" || how !== "in the state" || resource === undefined || !converted.has(id))
      continue;
    await runEngine(engine, {
      purpose: `refresh application ${JSON.stringify(name)} in the state of stack ${stack}`,
      args: [
        ...["refresh", "--target", urnOf(resource, project, stack)],
        ...["--yes", "--skip-preview", "--stack", stack, ...configFileArgs(engine)],
      ],
    });
  }
}

/** The plan once more, as the account is after the conversion: it has to say the same. */
async function settledPlan(open: OpenAdoption, plan: Plan, choices: Choices): Promise<Plan> {
  const settled = await readPlan(open, choices);
  const claims = ({ rows }: Plan) =>
    JSON.stringify(rows.map(({ kind, name, id, changes }) => [kind, name, id, changes]));
  if (claims(settled) !== claims(plan)) {
    throw new UserError("the account changed while the policies were converted", "Run the command again.");
  }
  return settled;
}

async function importAll(open: OpenAdoption, engine: EngineAccess, plan: Plan): Promise<void> {
  const { stack, project } = open;
  const file = importFile(plan, project, stack, await readEntries(open));
  if (file.resources.length === 0) return;
  const dir = await mkdtemp(join(tmpdir(), "comfyui-access-adopt-"));
  try {
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
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** @throws {UserError} when a preview fails, or is not what the table says. */
async function proven(open: OpenAdoption, plan: Plan): Promise<Proof> {
  const { stack, project } = open;
  const engine = open.engine("preview");
  const result = await pulumi(engine, ["preview", "--json", "--stack", stack, ...configFileArgs(engine)]);
  if (result.code !== 0) {
    // The program's own errors name objects by their ids, which are no secrets.
    const said = previewErrors(result.stdout).join("\n").trim() || engineWords(result);
    throw new UserError(`the preview after the import fails:\n${said}`, "Mend what it says.");
  }
  const proof = prove(result.stdout, plan, project, stack);
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
