import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { RULE_TYPES } from "../../packages/access/rules";
import { type Fields as Json, namesIn } from "../../packages/base/json-values";
import { keptPackages } from "../../packages/base/process/kept";
import { projectDir } from "../../packages/cli/sandboxed/workspace";
import {
  type Field,
  type Fields,
  HARMLESS,
  KINDS,
  type Kind,
  kindOfType,
} from "../../packages/cloudflare/kinds";
import { apiFields, apiName, inApiForm } from "../../packages/cloudflare/kinds/api-form";
import { isUnset } from "../../packages/cloudflare/kinds/unset";
import { rulesOf } from "../../packages/cloudflare/wire-rules";
import { recording } from "../regressions/provider/replay";

// The declarations of the installed package: what the provider's schema has, each field of each kind.
const PACKAGE = join(projectDir, "node_modules", "@pulumi", "cloudflare");
const parse = (file: string) =>
  ts.createSourceFile(file, readFileSync(join(PACKAGE, file), "utf8"), ts.ScriptTarget.Latest);

/** The interfaces of a file by their names. */
function interfacesOf(source: ts.SourceFile): Map<string, ts.InterfaceDeclaration> {
  const found = new Map<string, ts.InterfaceDeclaration>();
  source.forEachChild((node) => {
    if (ts.isInterfaceDeclaration(node)) found.set(node.name.text, node);
  });
  return found;
}

const nested = (() => {
  const source = parse("types/input.d.ts");
  return { source, interfaces: interfacesOf(source) };
})();

/** A field of the package: its path, and the fields below it. */
interface Declared {
  name: string;
  inside: Declared[];
}

function declaredIn(declaration: ts.InterfaceDeclaration, source: ts.SourceFile): Declared[] {
  return declaration.members.flatMap((member): Declared[] => {
    if (!ts.isPropertySignature(member) || member.type === undefined) return [];
    const [, type = ""] = /\binputs\.(\w+)/.exec(member.type.getText(source)) ?? [];
    const inner = nested.interfaces.get(type)?.name.text ?? nestedName(member.type, source);
    const below = inner === undefined ? undefined : nested.interfaces.get(inner);
    return [
      {
        name: member.name.getText(source),
        inside: below === undefined ? [] : declaredIn(below, nested.source),
      },
    ];
  });
}

/** In `input.d.ts` itself the names of types stand behind `inputs.` as well; a bare one is a package's basic type. */
function nestedName(type: ts.TypeNode, source: ts.SourceFile): string | undefined {
  const names = type.getText(source).match(/\b[A-Z]\w+\b/g) ?? [];
  return names.find((name) => nested.interfaces.has(name));
}

/** Every field of a kind as the package declares it. */
function fieldsOfType(type: string): Declared[] {
  const [, module = "", name = ""] = /^cloudflare:index\/(\w+):(\w+)$/.exec(type) ?? [];
  const source = parse(`${module}.d.ts`);
  const state = interfacesOf(source).get(`${name}State`);
  if (state === undefined) throw new Error(`the package declares no state of ${type}`);
  return declaredIn(state, source);
}

/** Fields that only older versions of the package had: states that they wrote have them still. */
const OLDER = ["application createdAt", "application updatedAt"];

/** What the table and the package do not have alike: fields that nobody classified, and fields that are no more. */
function differences(declared: readonly Declared[], fields: Fields, at = ""): string[] {
  const missing = declared
    .filter(({ name }) => !Object.hasOwn(fields, name))
    .map(({ name }) => `new: ${at}${name}`);
  const gone = Object.keys(fields)
    .filter((name) => !declared.some((each) => each.name === name))
    .map((name) => `gone: ${at}${name}`);
  const below = declared.flatMap(({ name, inside }) => {
    const field: Field | undefined = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field?.fields === undefined || field.fields === "rules") return [];
    return differences(inside, field.fields, `${at}${name}.`);
  });
  return [...missing, ...gone, ...below];
}

const ours = Object.entries(KINDS).filter(([, { types }]) => types[0].startsWith("cloudflare:"));

describe("the table of kinds", () => {
  test.each(ours)(
    "has every field of %s that the installed package has, and no other",
    (kind, { types, fields }) => {
      const older = OLDER.filter((each) => each.startsWith(`${kind} `)).map(
        (each) => `gone: ${each.split(" ")[1]}`,
      );
      expect(differences(fieldsOfType(types[0]), fields)).toEqual(older);
    },
  );

  test("a field that nobody classified is found, however deep", () => {
    const declared = fieldsOfType(KINDS.ownIngress.types[0]);
    const config = declared.find(({ name }) => name === "config");
    const rules = config?.inside.find(({ name }) => name === "ingresses");
    rules?.inside.push({ name: "newField", inside: [] });
    expect(differences(declared, KINDS.ownIngress.fields)).toEqual(["new: config.ingresses.newField"]);
    expect(differences([], { gone: { decides: "nothing", judged: "all" } })).toEqual(["gone: gone"]);
  });

  test("has every type of rule that the package has", () => {
    const includes = fieldsOfType(KINDS.policy.types[0]).find(({ name }) => name === "includes");
    const types = (includes?.inside ?? []).flatMap(({ name }) =>
      Object.keys(rulesOf([{ [name]: {} }])[0] ?? {}),
    );
    expect(types.length).toBeGreaterThan(20);
    expect(types.filter((type) => !RULE_TYPES.has(type))).toEqual([]);
  });

  test("every field that holds something decides, or says by its kind that it decides nothing", () => {
    const walk = (fields: Fields): Field[] =>
      Object.values(fields).flatMap((field) => [
        field,
        ...(field.fields === undefined || field.fields === "rules" ? [] : walk(field.fields)),
      ]);
    const nothing = Object.values(KINDS)
      .flatMap(({ fields }) => walk(fields))
      .filter(({ decides }) => decides === "nothing");
    const below = nothing.flatMap(({ fields }): (Field | "rules")[] =>
      fields === undefined ? [] : fields === "rules" ? ["rules"] : walk(fields),
    );
    expect(nothing.filter(({ judged }) => judged !== "all")).toEqual([]);
    expect(below.filter((each) => each === "rules" || each.decides !== "nothing")).toEqual([]);
  });

  test("spells the filters of an alert as the vendor's own client does", async () => {
    const folder = await keptPackages("node-cloudflare", join(__dirname, "..", "conformance", "typescript"));
    const file = join(folder, "node_modules/cloudflare/resources/alerting/policies.d.ts");
    const client = readFileSync(file, "utf8");
    const { filters } = KINDS.alert.fields;
    const names = Object.keys(apiFields({ fields: filters.fields }));
    expect(names.length).toBeGreaterThan(40);
    expect(names.filter((name) => !client.includes(` ${name}?: Array<`))).toEqual([]);
  });

  test("no kind is both in the table and passed over", () => {
    const types = Object.values(KINDS).flatMap((kind): readonly string[] => kind.types);
    expect(types.filter((type) => HARMLESS.some((each) => each.type.test(type)))).toEqual([]);
    expect(new Set(types).size).toBe(types.length);
    expect(kindOfType("cloudflare:index/ruleset:Ruleset")).toBeUndefined();
  });
});

interface Import {
  type: string;
  id: string;
  "API answers": Json;
  inputs: Json;
  outputs: Json;
}

interface Request {
  phase: string;
  method: string;
  path: string;
}

interface Planned {
  state: Readonly<Record<string, { inputs: Json; outputs: Json }>>;
}

/** What counts as nothing, whoever says it. */
const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || (typeof value === "object" && Object.keys(value).length === 0);

describe("the table of kinds says what was recorded of the real provider", () => {
  const imports = recording<Import>("provider-imports.jsonl");

  test.each(imports.map((line) => [`${line.type.split(":").at(-1)} ${line.id}`, line] as const))(
    "what an import of %s reads",
    (_, { type, "API answers": answer, outputs }) => {
      const kind = kindOfType(type) as Kind;
      const own = Object.entries(kind.fields);
      const names = own.map(([name, field]) => [name, field, apiName(name, field)] as const);
      const shown = names.filter(([, , api]) => !isEmpty(answer[api]));
      expect(shown.length).toBeGreaterThan(2);
      const unread = shown.filter(([name]) => isEmpty(outputs[name])).map(([name]) => name);
      expect(unread).toEqual(shown.filter(([, field]) => field.unread).map(([name]) => name));
      // What the API shows, and nobody has put into the table.
      expect(Object.keys(answer).filter((name) => !Object.hasOwn(apiFields(kind), name))).toEqual([]);
    },
  );

  test("what an import reads has the API's names", () => {
    for (const { type, "API answers": answer, inputs } of imports) {
      const { accountId: _, zoneId: __, ...read } = inputs;
      const names = namesIn(inApiForm(kindOfType(type) as Kind, read));
      expect(names.length).toBeGreaterThan(1);
      expect(names.filter((name) => !namesIn(answer).includes(name))).toEqual([]);
    }
  });

  test("what the provider makes of what nobody declares", () => {
    const [{ state }] = recording<Planned>("provider-plans.jsonl") as [Planned];
    const found = Object.entries(state).flatMap(([urn, { inputs, outputs }]) => {
      const fields: Fields = kindOfType(/(cloudflare:[^:]+:\w+)::/.exec(urn)?.[1] ?? "")?.fields ?? {};
      return Object.entries(fields).flatMap(([name, field]) =>
        isEmpty(outputs[name]) || Object.hasOwn(inputs, name) || field.bookkeeping || field.secret
          ? []
          : [{ name, default: field.default, value: outputs[name] }],
      );
    });
    const given = ["accountTag", "aud", "clientId", "domain", "expiresAt"];
    const ofItself = found.filter(({ name, value }) => !given.includes(name) && !isUnset(value));
    expect(ofItself.map(({ name }) => name).sort()).toEqual(["clientSecretVersion", "source", "tunType"]);
    expect(ofItself.filter((each) => each.value !== each.default)).toEqual([]);
  });

  test("where the API has each kind", () => {
    const paths = Object.values(KINDS).map(({ path }) => path.replace(/\{\w+\}/g, "{}"));
    const asked = recording<Request>("provider-requests.jsonl")
      .filter(({ method }) => method === "GET")
      .map(({ path }) => path.replace(/\{[^}]+\}/g, "{}").split("?")[0]);
    expect(asked.length).toBeGreaterThan(7);
    expect(asked.filter((path) => !paths.includes(path ?? ""))).toEqual([]);
  });
});
