import fc from "fast-check";
import { expect, test } from "vitest";
import { covers, liesOn } from "../../packages/access";
import { globMatches } from "../../packages/access/glob";
import { cpuTime } from "../support/cpu-time";
import { holds } from "../support/properties";

const some = (signs: string) => fc.string({ unit: fc.constantFrom(...signs), maxLength: 7 });

test("is the regular expression that it stands for", () => {
  holds(
    fc.property(some("ab*"), some("ab"), (pattern, text) => {
      return globMatches(pattern, text) === new RegExp(`^${pattern.replaceAll("*", ".*")}$`).test(text);
    }),
    { runs: 5000 },
  );
});

test("comes to an end, however many stars there are", () => {
  const started = cpuTime();
  const name = "comfyui-production-artists-eu1.datacrew.space";
  expect(liesOn(`${"*".repeat(60)}x.datacrew.space`, name)).toBeUndefined();
  expect(liesOn(`${"*1*a".repeat(60)}x.datacrew.space`, name)).toBeUndefined();
  expect(covers(`${name}/${"*a".repeat(40)}x`, name, `/${"a".repeat(2000)}`)).toBe(false);
  expect(cpuTime() - started).toBeLessThan(1000);
});
