import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, parseDocument, stringify } from "yaml";
import { pathText } from "../../../config/config-paths";
import { UserError } from "../../base/errors";
import { fieldsOf, isFields, listOf } from "../../base/json-values";
import { isUnset } from "../../cloudflare/kinds/unset";
import { type EngineAccess, runEngine } from "../secrets/engine-cli";
import { ConfigFile } from "../stack/config-file";
import type { UnjudgedConfig } from "../stack/read-stack";
import { editConfig } from "./edit-config";
import type { OpenAdoption } from "./open";
import type { Plan } from "./plan";

/**
 * Works on a copy of the stack: its state as it is, its config as it is going to be, in a backend of its own. The engine
 * does there what it is to do in the stack, and reads the same account.
 *
 * The copy is encrypted with a passphrase that nobody else knows, and removed at the end, also when this process is
 * interrupted: what a kill leaves behind cannot be read.
 * @throws {UserError} when the stack takes values from an ESC environment, the engine cannot make the copy, or `use` throws.
 */
export async function inScratch<T>(
  open: OpenAdoption,
  plan: Pick<Plan, "configChanges" | "known">,
  use: (scratch: OpenAdoption) => Promise<T>,
): Promise<T> {
  const written = await new ConfigFile(open.configFile).readIfThere();
  refuseEnvironment(written, open.configFile);
  const dir = await mkdtemp(join(tmpdir(), "comfyui-access-adopt-"));
  const remove = () => rmSync(dir, { recursive: true, force: true });
  process.once("exit", remove);
  try {
    return await use(await scratchIn(dir, open, plan, written));
  } finally {
    remove();
    process.off("exit", remove);
  }
}

/**
 * Refuses a stack that takes values from Pulumi ESC: only Pulumi Cloud opens an environment, so the engine takes none in the
 * backend of the copy.
 * @throws {UserError} naming the environments.
 */
export function refuseEnvironment(text: string, file: string): void {
  const { environment } = fieldsOf(parseDocument(text).toJS());
  if (isUnset(environment)) return;
  const imported = Array.isArray(environment) ? environment : listOf(fieldsOf(environment)["imports"]);
  const names = imported.map((each) => (isFields(each) ? Object.keys(each).join() : String(each)));
  throw new UserError(
    `${file} takes values from an ESC environment${names.length === 0 ? "" : ` (${names.join(", ")})`}, which the copy of the stack that everything is tried in cannot open`,
    "For the adoption, take `environment` out of the file, set what it gives with `pulumi config set` and in the shell's environment, and put it back afterwards.",
  );
}

async function scratchIn(
  dir: string,
  open: OpenAdoption,
  { configChanges, known }: Pick<Plan, "configChanges" | "known">,
  written: string,
): Promise<OpenAdoption> {
  const { stack, project } = open;
  const configFile = join(dir, `Pulumi.${stack}.yaml`);
  const state = join(dir, "state");
  const passphrase = randomBytes(32).toString("base64url");
  const engine = (as: "preview" | "up"): EngineAccess => {
    const { PULUMI_CONFIG_PASSPHRASE_FILE: _, ...env } = open.engine(as).env;
    const own = { PULUMI_BACKEND_URL: `file://${state}?metadata=skip`, PULUMI_CONFIG_PASSPHRASE: passphrase };
    return { ...open.engine(as), configFile, env: { ...env, ...own } };
  };
  const scratch = { ...open, configFile, engine };
  // In a folder of its own, or the engine writes to the stack's file.
  const { configFile: _, ...alone } = { ...engine("preview"), cwd: dir };
  const run = (args: readonly string[], input?: string) =>
    runEngine(alone, {
      purpose: `make a copy of stack ${stack}`,
      args: [...args, "--stack", stack],
      ...(input === undefined ? {} : { input }),
    });

  const { raw, values } = await open.config();
  const planned = editConfig(written, project, configChanges, open.configFile, raw);
  const { text, secrets } = withoutSecrets(planned, values);
  await mkdir(state, { mode: 0o700 });
  await writeFile(join(dir, "Pulumi.yaml"), stringify({ name: project, runtime: "nodejs" }), { mode: 0o600 });
  await writeFile(configFile, text, { mode: 0o600 });
  await run(["stack", "init", "--no-select"]);
  for (const { key, value } of secrets) await run(["config", "set", "--secret", ...key], value);
  if (known.size > 0) {
    const { encryptionsalt } = fieldsOf(parse(await readFile(configFile, "utf8")));
    await run(["stack", "import"], withSalt(await exportedState(open), encryptionsalt));
  }
  return scratch;
}

/** A secret of a config: the arguments that name it, and its value. */
interface ScratchSecret {
  key: string[];
  value: string;
}

/**
 * The text of a stack file for another way of encryption: without its secrets, and with their values beside it.
 * @param values the config's values as text, by their full keys
 */
export function withoutSecrets(
  text: string,
  values: UnjudgedConfig["values"],
): { text: string; secrets: ScratchSecret[] } {
  const document = parseDocument(text);
  const whole = fieldsOf(document.toJS());
  for (const key of ["encryptionsalt", "encryptedkey", "secretsprovider"]) {
    if (document.has(key)) document.delete(key);
  }
  const secrets = securePaths(whole["config"], []).map((path): ScratchSecret => {
    document.setIn(["config", ...path], "");
    const [key, ...rest] = path;
    const said = values[String(key)]?.value ?? "";
    if (rest.length === 0) return { key: [String(key)], value: said };
    const value = rest.reduce<unknown>((inside, part) => Object(inside)[part], JSON.parse(said));
    return { key: ["--path", pathText(path)], value: String(value) };
  });
  return { text: document.toString({ lineWidth: 0 }), secrets };
}

/** Where in a config values stand encrypted. */
function securePaths(value: unknown, path: (string | number)[]): (string | number)[][] {
  if (typeof value !== "object" || value === null) return [];
  const entries = Object.entries(value);
  const [[name, inside] = []] = entries;
  if (entries.length === 1 && name === "secure" && typeof inside === "string") return [path];
  return entries.flatMap(([part, each]) =>
    securePaths(each, [...path, Array.isArray(value) ? Number(part) : part]),
  );
}

/** The stack's state with its secrets in the clear: it goes from one engine to the next, and is never written. */
function exportedState(open: OpenAdoption): Promise<string> {
  const args = ["stack", "export", "--show-secrets", "--stack", open.stack];
  return runEngine(open.engine("preview"), { purpose: `export the state of stack ${open.stack}`, args });
}

/** A state for the copy's passphrase. */
function withSalt(state: string, salt: unknown): string {
  const whole = fieldsOf(JSON.parse(state));
  const secrets_providers = { type: "passphrase", state: { salt } };
  return JSON.stringify({ ...whole, deployment: { ...fieldsOf(whole["deployment"]), secrets_providers } });
}
