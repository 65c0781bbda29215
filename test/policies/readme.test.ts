import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { judgeStack } from "../../policies/judge";
import { checkConfig, limitsOf } from "../../policies/pack-config";
import { RULES } from "../../policies/rules";
import { compliant } from "./compliant";

const readme = readFileSync(join(__dirname, "../../policies/README.md"), "utf8");

test("the README lists every rule in its own words", () => {
  const rows = [...readme.matchAll(/^\| `([\w-]+)` \| (.*) \|$/gm)].map(([, name, text]) => [name, text]);
  expect(rows).toEqual(RULES.map(({ name, description }) => [name, description]));
});

test("its example config is valid, and says the defaults", () => {
  const example = checkConfig(JSON.parse(/```json\n([\s\S]*?)```/.exec(readme)?.[1] ?? ""));
  for (const rule of RULES) expect(limitsOf(rule, example)).toEqual(limitsOf(rule, {}));
  expect(judgeStack({ resources: compliant() }, { config: example })).toEqual([]);
});
