import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { keptPackages } from "../../packages/base/process/kept";
import { LANGUAGES, type Language } from "../../packages/cli/audit/languages";
import type { Grammar } from "../../packages/cli/audit/read/grammars";

let cache = "";

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "grammars-"));
  vi.resetModules();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(cache, { recursive: true });
});

function languageOf(name: string): Language {
  const found = LANGUAGES.find((each) => each.name === name);
  if (!found) throw new Error(`no language ${name}`);
  return found;
}

/** The loader as a new process has it. */
async function newGrammarOf(language: Language): Promise<Grammar> {
  const { grammarOf } = await vi.importActual<{ grammarOf: (language: Language) => Promise<Grammar> }>(
    "../../packages/cli/audit/read/grammars",
  );
  return grammarOf(language);
}

test("a registry that cannot be reached is told, and nothing is left", async () => {
  vi.stubEnv("XDG_CACHE_HOME", cache);
  vi.stubEnv("npm_config_registry", "http://127.0.0.1:9");
  vi.stubEnv("npm_config_cache", join(cache, "npm"));
  vi.stubEnv("npm_config_fetch_retries", "0");
  const [python] = LANGUAGES;
  if (!python) throw new Error("no language");
  await expect(newGrammarOf(python)).rejects.toThrow(/^npm cannot fetch grammars[\s\S]*registry/);
  expect(await readdir(join(cache, "comfyui-access"))).toEqual([]);
});

test.each(LANGUAGES.map((language) => [language.name, language] as const))(
  "the queries of %s fit its grammar, and broken code is told by its line",
  async (_, language) => {
    const grammar = await newGrammarOf(language);
    const opening = language.opening ?? "";
    const { unknown } = grammar.parse(`${opening}\n\n"((((( <<< ]] "" ' }{ ((`);
    expect(unknown[0]?.[0]).toBeGreaterThanOrEqual(1);
  },
);

test("queries are asked nothing of parts that stand in one another too deep: each would take as many steps as are around it", async () => {
  const packages = await keptPackages("grammars", join(__dirname, "../../packages/cli/audit/grammars"));
  const sitter = require(join(packages, "node_modules/@vscode/tree-sitter-wasm/wasm/tree-sitter.js"));
  const asked = vi.spyOn(sitter.Query.prototype, "matches");
  const parts = (sign: string) => `fetch("http://comfy:8188", ${Array(30_000).fill("1").join(sign)})`;
  try {
    for (const name of ["JavaScript", "Python"]) {
      asked.mockClear();
      const grammar = await newGrammarOf(languageOf(name));
      expect(() => grammar.parse(parts(" + "))).toThrow(RangeError);
      expect(asked).not.toHaveBeenCalled();
      expect(grammar.parse(parts(", ")).unknown).toEqual([]);
      expect(asked).toHaveBeenCalledOnce();
    }
  } finally {
    asked.mockRestore();
  }
});
