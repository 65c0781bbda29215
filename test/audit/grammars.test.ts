import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
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
