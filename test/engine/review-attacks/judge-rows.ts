import type { Attack } from "./attack";
import type { Files } from "./change";
import { oneMore } from "./config-rows";

/** A change to what judges, and somebody more at the first application in its shadow. */
const row = (name: string, named: RegExp, files: (files: Files) => Promise<void>): Attack => ({
  name,
  kind: "judge",
  section: "judges",
  named,
  config: oneMore,
  files,
});

const inConfig = (name: string, config: NonNullable<Attack["config"]>): Attack => ({
  name,
  kind: "judge",
  section: "judges",
  named: /Pulumi\.dev\.yaml|access test/i,
  config,
});

const inPackage = (files: Files, edit: (file: Record<string, Record<string, string>>) => void) =>
  files.read("package.json").then((text) => {
    const file = JSON.parse(text) as Record<string, Record<string, string>>;
    edit(file);
    return files.write("package.json", `${JSON.stringify(file, null, 2)}\n`);
  });

/** What the list of changed files has to tell: whoever judges is changed together with what is judged. */
export const JUDGE_ROWS: readonly Attack[] = [
  row("a diff that finds nothing", /packages\/cli\/access-diff/, (files) =>
    files.replace(
      "packages/cli/access-diff/access-diff.ts",
      "const sides = align(before, after);",
      "const sides = align(before, before);",
    ),
  ),
  row("a review that asks nobody", /packages\/github\/review\.ts/, (files) =>
    files.replace("packages/github/review.ts", 'agreed[label] === "true"', "true"),
  ),
  row("a field that decides nothing any more", /packages\/cloudflare\/kinds/, (files) =>
    files.replace(
      "packages/cloudflare/kinds/application.ts",
      'readServiceTokensFromHeader: unjudged("credentials")',
      "readServiceTokensFromHeader: NOTHING",
    ),
  ),
  row("a guardrail that lets everything pass", /policies\/rules/, (files) =>
    files.write(
      "policies/rules/no-everyone.ts",
      'export const noEveryone = { name: "no-everyone", description: "", kinds: ["policy"], judge: () => [] } as const;\n',
    ),
  ),
  row("an exception of a guardrail", /dns-proxied\.exceptions/, (files) => {
    const expires = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);
    const exceptions = [{ resource: "comfyui", reason: "Moves with the next release", expires }];
    return files.write("guardrails.json", JSON.stringify({ "dns-proxied": { exceptions } }));
  }),
  row("a workflow that agrees by itself", /\.github\/workflows\/pull-request\.yml/, (files) =>
    files.replace(".github/workflows/pull-request.yml", '--agreed "$AGREED"', "--agreed true"),
  ),
  row("a deployment that compares nothing", /\.github\/workflows\/deploy\.yml/, (files) =>
    files.replace(
      ".github/workflows/deploy.yml",
      "run: node packages/github/plain/same-access.ts",
      'run: "true"',
    ),
  ),
  row("other owners of the code", /CODEOWNERS/, (files) => files.write(".github/CODEOWNERS", "* @second\n")),
  row("a test of the diff taken out", /test\/access-diff/, (files) => files.remove("test/access-diff")),
  row("a translator of the judges' code that adds to it", /tools\/cached-typescript\.cjs/, async (files) => {
    const path = "tools/cached-typescript.cjs";
    await files.write(path, `${await files.read(path)}\n// adds to what it translates\n`);
  }),
  row("a script that runs with every installation", /package\.json/, (files) =>
    inPackage(files, ({ scripts = {} }) => {
      scripts["postinstall"] = "node tools/other.cjs";
    }),
  ),
  row("a library of somebody else's in a known one's place", /package(-lock)?\.json/, (files) =>
    inPackage(files, ({ dependencies = {} }) => {
      dependencies["yaml"] = "npm:other-yaml@2.9.1";
    }),
  ),
  row("another registry of packages", /\.npmrc/, async (files) => {
    await files.write(".npmrc", `${await files.read(".npmrc")}\nregistry=https://registry.example.net/\n`);
  }),
  row("another reading of the program", /tsconfig\.json/, async (files) => {
    const text = await files.read("tsconfig.json");
    await files.write("tsconfig.json", `${text}\n// reads the program otherwise\n`);
  }),
  row("a module that is loaded before the program", /Pulumi\.yaml/, (files) =>
    files.replace(
      "Pulumi.yaml",
      "    typescript: true",
      "    typescript: true\n    nodeargs: --require ./tools/other.cjs",
    ),
  ),
  inConfig("an access test taken out", (settings) => {
    (settings["accessTests"] as object[]).splice(1, 1);
  }),
  inConfig("an access test that asks for less", (settings) => {
    const tests = settings["accessTests"] as { deny?: string[] }[];
    tests[1] = { ...tests[1], deny: ["notes"] };
  }),
  inConfig("a difference that drift is not to report", (settings) => {
    const expires = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);
    const finding = { resource: "comfyui-google-email", finding: "includes", reason: "Looked at", expires };
    settings["driftAccepted"] = [finding];
  }),
];
