import { describe, expect, test } from "vitest";
import { judgeStack } from "../../policies/judge";
import { checkConfig } from "../../policies/pack-config";
import { compliant, set, the } from "./compliant";

const today = new Date("2026-11-23T12:00:00Z");
const good = { resource: "comfyui", reason: "Migrated next week", expires: "2026-11-30" };

/** Judges a stack whose one record is not proxied, with exceptions from a rule. */
function judged(exceptions: unknown[], rule = "dns-proxied") {
  const resources = compliant();
  set(the(resources, "dnsRecord"), "proxied", false);
  const config = checkConfig({ [rule]: { exceptions } });
  return judgeStack({ resources }, { config, today }).map(
    ({ rule: { name }, message }) => `${name}: ${message}`,
  );
}

const violation = expect.stringMatching(/^dns-proxied: comfyui \(DnsRecord\): proxied is off/);

test("a good exception lets its rule pass on its resource, by name or URN", () => {
  expect(judged([good])).toEqual([]);
  const { urn } = the(compliant(), "dnsRecord");
  expect(judged([{ ...good, resource: urn }])).toEqual([]);
});

test("one for another resource, or from another rule, changes nothing", () => {
  expect(judged([{ ...good, resource: "grafana" }])).toEqual([violation]);
  expect(judged([good], "hostname-covered")).toEqual([violation]);
});

test("it holds to the end of its last day, in UTC", () => {
  expect(judged([{ ...good, expires: "2026-11-23" }])).toEqual([]);
  expect(judged([{ ...good, expires: "2027-11-24" }])).toEqual([]);
  expect(judged([{ ...good, expires: "2026-11-22" }])).toEqual([
    violation,
    "dns-proxied: An exception for comfyui expired on 2026-11-22. Mend it, or take it out of the guardrails' config.",
  ]);
});

describe("an exception that is not whole excepts nothing, and is a failure itself", () => {
  const cases: [string, object, string][] = [
    ["without a reason", { ...good, reason: " " }, "for comfyui gives no reason"],
    [
      "with the reason left out",
      { resource: "comfyui", expires: "2026-11-30" },
      "for comfyui gives no reason",
    ],
    ["without a date", { ...good, expires: undefined }, "for comfyui has no expiry date (YYYY-MM-DD)"],
    [
      "with a day that there is not",
      { ...good, expires: "2027-02-30" },
      "for comfyui has no expiry date (YYYY-MM-DD)",
    ],
    [
      "for longer than a year",
      { ...good, expires: "2027-11-25" },
      "for comfyui expires on 2027-11-25, more than 366 days ahead",
    ],
    ["for everything", { ...good, resource: "*" }, "names no single resource"],
    ["for nothing", { ...good, resource: undefined }, "names no single resource"],
  ];
  test.each(cases)("%s", (_, exception, says) => {
    const own = `dns-proxied: An exception ${says}. Mend it, or take it out of the guardrails' config.`;
    expect(judged([JSON.parse(JSON.stringify(exception))])).toEqual([violation, own]);
  });
});

test("a name that several judged resources have is too wide", () => {
  const resources = compliant();
  set(the(resources, "application"), "sessionDuration", "48h");
  the(resources, "policy", "comfyui-google-email").name = "comfyui";
  const config = checkConfig({ "session-duration": { exceptions: [good] } });
  const violations = judgeStack({ resources }, { config, today });
  expect(violations.map(({ code, where }) => [code, where])).toEqual([
    ["bad exception", "session-duration.exceptions"],
  ]);
  expect(violations.map(({ message }) => message)).toEqual([
    "An exception for comfyui fits 2 resources: use the URN of one. Mend it, or take it out of the guardrails' config.",
  ]);
});
