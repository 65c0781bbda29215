import type { Change, Files } from "./change";

/** A change that nobody has to look at twice. */
export interface Harmless extends Change {
  name: string;
}

const comment = (path: string, mark: string) => async (files: Files) =>
  files.write(path, `${await files.read(path)}\n${mark}\n`);

export const HARMLESS_ROWS: readonly Harmless[] = [
  { name: "a comment in the program", files: comment("index.ts", "// A comment.") },
  { name: "a comment in the config", files: comment("Pulumi.dev.yaml", "# A comment.") },
  { name: "a page of the documents", files: comment("docs/access-setup.md", "One sentence more.") },
  {
    name: "a file that is called otherwise, with its imports",
    files: async (files) => {
      await files.write("components/alarms.ts", await files.read("components/expiry-alert.ts"));
      await files.remove("components/expiry-alert.ts");
      for (const path of [
        "index.ts",
        "components/args.ts",
        "components/declaration.ts",
        "packages/cli/orphans/candidates.ts",
      ]) {
        await files.replace(path, "/expiry-alert", "/alarms");
      }
    },
  },
  {
    name: "an access test more",
    config: (settings) => {
      (settings["accessTests"] as object[]).push({ who: "stranger@example.org", deny: ["notes"] });
    },
  },
  {
    name: "the same people in another order",
    config: (settings) => {
      const [first] = settings["applications"] as { allow: { emails: string[] } }[];
      first?.allow.emails.reverse();
    },
  },
  {
    name: "the defaults written out",
    config: (settings) => {
      settings["maxSessionDuration"] = "24h";
      settings["maxTokenDuration"] = "8760h";
    },
  },
  {
    name: "a development dependency of a newer version",
    files: async (files) => {
      const text = await files.read("package.json");
      await files.write("package.json", text.replace(/"fast-check": ".*"/, '"fast-check": "99.0.0"'));
    },
  },
  {
    name: "a component that is written otherwise",
    files: (files) =>
      files.replace(
        "components/access-policy.ts",
        "super(name, googleEmailPolicy(name, args), opts);",
        "const declared = googleEmailPolicy(name, { ...args });\n    super(name, { ...declared }, opts);",
      ),
  },
  {
    name: "a test more",
    files: (files) =>
      files.write("test/one-more.test.ts", 'import { test } from "vitest";\n\ntest("nothing", () => {});\n'),
  },
  {
    name: "the config's keys in another order",
    config: (settings) => {
      const entries = Object.entries(settings).reverse();
      for (const [key] of entries) delete settings[key];
      Object.assign(settings, Object.fromEntries(entries));
    },
  },
];
