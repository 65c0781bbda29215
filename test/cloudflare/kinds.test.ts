import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { RULE_TYPES } from "../../packages/access/rules";
import { projectDir } from "../../packages/cli/sandboxed/workspace";
import { type Field, type Fields, HARMLESS, KINDS, kindOfType } from "../../packages/cloudflare/kinds";
import { rulesOf } from "../../packages/cloudflare/wire-rules";

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
    const odd = Object.values(KINDS)
      .flatMap(({ fields }) => walk(fields))
      .filter(
        ({ decides, judged, fields }) => decides === "nothing" && (judged !== "all" || fields !== undefined),
      );
    expect(odd).toEqual([]);
  });

  test("no kind is both in the table and passed over", () => {
    const types = Object.values(KINDS).flatMap((kind): readonly string[] => kind.types);
    expect(types.filter((type) => HARMLESS.some((each) => each.type.test(type)))).toEqual([]);
    expect(new Set(types).size).toBe(types.length);
    expect(kindOfType("cloudflare:index/ruleset:Ruleset")).toBeUndefined();
  });
});
