import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { damagedStateRemedy } from "../../packages/cli/stack/damaged-state";

const WORDS = "error: failed to load checkpoint: EOF";

let backend: string;
let state: string;
beforeEach(() => {
  backend = mkdtempSync(join(tmpdir(), "comfyui-access-backend-"));
  const folder = join(backend, ".pulumi", "stacks", "comfyui-access");
  mkdirSync(folder, { recursive: true });
  state = join(folder, "prod.json");
  writeFileSync(state, "{}");
});
afterEach(() => rmSync(backend, { recursive: true, force: true }));

const remedy = (url: string, words = WORDS) => damagedStateRemedy(words, "prod", url);

test.each(["", "?metadata=skip"])(
  "a state that is whole: what stands beside it is mended (file://…%s)",
  (more) => {
    expect(remedy(`file://${backend}${more}`)).toBe("Run `npm run cli -- recover --stack prod`.");
  },
);

test("a state that is cut off: its backup is named, where there is one", () => {
  writeFileSync(state, '{"version": 3');
  expect(remedy(`file://${backend}`)).toContain(`there is no ${state}.bak`);
  writeFileSync(`${state}.bak`, "{}");
  expect(remedy(`file://${backend}?metadata=skip`)).toContain(`${state}.bak: copy that over it`);
});

test("another backend, or other words", () => {
  expect(remedy("gs://my-state")).toContain("pulumi stack export --version");
  expect(remedy(`file://${backend}`, "error: no stack named 'prod' found")).toBeUndefined();
});
