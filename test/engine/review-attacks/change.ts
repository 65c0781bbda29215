import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { TYPES } from "../../../packages/cloudflare/kinds";
import type { Settings } from "../support";

/** What a pull request changes: the stack's config, the program, other files, or some of these together. */
export interface Change {
  /** Edits the stack's config, keys without the namespace. */
  config?(settings: Settings): void;
  /** What `index.ts` does besides. */
  code?: Code;
  /** Edits any other file of the clone. */
  files?(files: Files): Promise<void>;
}

/** Statements of the program. */
export interface Code {
  imports?: string;
  /** Run before the stack is declared: what is to watch over every resource. */
  before?: string;
  /** Run after it has begun. */
  after?: string;
}

/** The files of a clone. */
export class Files {
  constructor(private readonly dir: string) {}

  read(path: string): Promise<string> {
    return readFile(join(this.dir, path), "utf8");
  }

  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.dir, path)), { recursive: true });
    await writeFile(join(this.dir, path), text);
  }

  remove(path: string): Promise<void> {
    return rm(join(this.dir, path), { recursive: true });
  }

  /** Replaces the first such text. A row whose text is gone has lost its meaning, so that it fails. */
  async replace(path: string, from: string, to: string): Promise<void> {
    const text = await this.read(path);
    if (!text.includes(from)) throw new Error(`${path} has no ${JSON.stringify(from)} to replace`);
    await this.write(
      path,
      text.replace(from, () => to),
    );
  }
}

const CONFIG = "Pulumi.dev.yaml";
const NAMESPACE = "comfyui-access:";
/** Where `index.ts` begins to declare. */
const BEGIN = "const outputs = program()";

/** Makes the change in a clone. */
export async function make({ config, code, files }: Change, dir: string): Promise<void> {
  const clone = new Files(dir);
  if (config) await clone.write(CONFIG, configured(await clone.read(CONFIG), config));
  if (code) await clone.write("index.ts", programmed(await clone.read("index.ts"), code));
  await files?.(clone);
}

function configured(yaml: string, edit: (settings: Settings) => void): string {
  const file = parse(yaml) as { config: Settings };
  const settings = bare(file.config);
  edit(settings);
  file.config = Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [key.includes(":") ? key : NAMESPACE + key, value]),
  );
  return stringify(file);
}

function programmed(program: string, { imports = "", before = "", after = "" }: Code): string {
  const [declared = "", begun] = program.split(BEGIN);
  if (begun === undefined) throw new Error(`index.ts does not say ${BEGIN}`);
  return `${imports}\n${declared}${before}\n${BEGIN}${begun}\n${after}\n`;
}

const bare = (config: Settings): Settings =>
  Object.fromEntries(Object.entries(config).map(([key, value]) => [key.replace(NAMESPACE, ""), value]));

/**
 * The same change, hidden from the preview and shown at the update: the program finds out which of them runs. Undefined
 * for one of other files, which a program cannot make while it runs.
 * @param yaml the config that is to be reviewed
 */
export function hidden({ config, code = {}, files }: Change, yaml: string): Change | undefined {
  if (files !== undefined) return undefined;
  const then = bare((parse(yaml) as { config: Settings }).config);
  const now = structuredClone(then);
  config?.(now);
  const changes = Object.fromEntries(
    Object.keys({ ...then, ...now })
      .filter((key) => JSON.stringify(then[key]) !== JSON.stringify(now[key]))
      .map((key) => [key.includes(":") ? key : NAMESPACE + key, valueText(now[key])]),
  );
  const set = Object.keys(changes).length === 0 ? "" : settingAll(changes);
  const unseen = (...statements: string[]) => {
    const body = statements.filter((each) => each !== "").join("\n");
    return body === "" ? "" : `if (!pulumi.runtime.isDryRun()) {\n${body}\n}`;
  };
  const { imports = "", before = "", after = "" } = code;
  return { code: { imports, before: unseen(set, before), after: unseen(after) } };
}

/** Statements that set keys, or, for undefined, take them out. Setting one alone would forget which keys are secret. */
const settingAll = (changes: Record<string, string | undefined>): string =>
  `const runtime = pulumi.runtime as any;
const all = runtime.allConfig();
const secretKeys = Object.keys(all).filter((key) => runtime.isConfigSecret(key));
const gone = ${JSON.stringify(Object.keys(changes).filter((key) => changes[key] === undefined))};
for (const key of gone) delete all[key];
runtime.setAllConfig({ ...all, ...${JSON.stringify(changes)} }, secretKeys);`;

const valueText = (value: unknown): string | undefined =>
  typeof value === "string" || value === undefined ? value : JSON.stringify(value);

/** Watches over the program's resources, and changes the inputs of one kind, or of one by its name. */
export function transform(kind: keyof typeof TYPES, name: string | undefined, statements: string): Code {
  const named = name === undefined ? "" : ` || args.name !== ${JSON.stringify(name)}`;
  return {
    before: `pulumi.runtime.registerStackTransformation((args) => {
  if (args.type !== ${JSON.stringify(TYPES[kind])}${named}) return undefined;
  const props: any = { ...args.props };
  const opts: any = { ...args.opts };
  ${statements}
  return { props, opts };
});`,
  };
}
