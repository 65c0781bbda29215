import { describe, expect, test } from "vitest";
import { LONGEST_EXCEPTION_DAYS } from "../../config/limits";
import { type ConfigError, parseConfig } from "../../config/stack-config";
import type { Situation } from "../../packages/access/situation";
import { settled, sortAccepted } from "../../packages/cli/drift/accepted";
import type { Change } from "../../packages/cli/drift/types";

const NOW = new Date("2026-11-30T23:59:59Z");
const good = { resource: "house", finding: "content", reason: "moved by hand", expires: "2026-11-30" };

const config = (driftAccepted: unknown) =>
  parseConfig(
    {
      accountId: "0".repeat(32),
      zone: "datacrew.space",
      teamName: "datacrew",
      google: { clientId: "x.apps.googleusercontent.com", clientSecret: "secret" },
      tunnel: { name: "home" },
      applications: [{ allow: { emails: ["artist@datacrew.space"] } }],
      driftAccepted,
    },
    { now: NOW },
  ).driftAccepted;

const change = (name: string, id: string, field: string): Change => ({
  subject: "DNS record",
  name,
  id,
  what: "changed",
  field,
});

describe("13: findings of drift that the config accepts", () => {
  test("have the shape of the guardrails' exceptions; a day without quotes is the same day", () => {
    expect(config([good])).toEqual([good]);
    expect(config([{ ...good, expires: "2026-11-30 00:00:00 +0000 UTC" }])).toEqual([good]);
    // An expired one must not keep the stack from coming up.
    expect(config([{ ...good, expires: "2020-01-01" }])).toHaveLength(1);
    expect(config(undefined)).toEqual([]);
    expect(config([{ ...good, expires: "2027-12-01" }])).toHaveLength(1);
  });

  test.each([
    [{ ...good, reason: " " }, "driftAccepted[0]"],
    [{ ...good, resource: "*" }, "driftAccepted[0]"],
    [{ ...good, finding: "" }, "driftAccepted[0]"],
    [{ ...good, expires: "2026-02-30" }, "driftAccepted[0]"],
    [{ ...good, expires: "never" }, "driftAccepted[0]"],
    [{ ...good, expires: "2027-12-02" }, "driftAccepted[0].expires"],
    [{ ...good, expires: "2999-01-01" }, "driftAccepted[0].expires"],
    [{ ...good, until: "2026-11-30" }, "driftAccepted[0].until"],
    [{ resource: "house", finding: "content", reason: "x" }, "driftAccepted[0].expires"],
  ])("%j is refused where it stands", (acceptance, path) => {
    expect.assertions(1);
    try {
      config([acceptance]);
    } catch (error) {
      expect((error as ConfigError).problems.map((problem) => problem.path)).toContain(path);
    }
  });

  test("may not outlast the longest time of an exception, which the config names", () => {
    expect(() => config([{ ...good, expires: "2027-12-02" }])).toThrow(
      new RegExp(`${LONGEST_EXCEPTION_DAYS} days`),
    );
  });

  test("hold to the end of their day; one that fits two objects of a name accepts neither", () => {
    const one = change("house", "1", "content");
    const found = (changes: Change[], now: Date, ...list: (typeof good)[]) =>
      sortAccepted({ changes, orphans: [] }, list, now);
    expect(found([one], NOW, good)).toMatchObject({ changes: [], accepted: [{ change: one }], idle: [] });
    const later = new Date("2026-12-01T00:00:00Z");
    expect(found([one], later, good)).toMatchObject({
      changes: [one],
      accepted: [],
      idle: [{ why: "expired" }],
    });
    const two = [one, change("house", "2", "content")];
    expect(found(two, NOW, good)).toMatchObject({ changes: two, idle: [{ why: "fits several" }] });
    expect(found(two, NOW, { ...good, resource: "2" })).toMatchObject({ changes: [one], idle: [] });
    expect(found([], NOW, good)).toMatchObject({ idle: [{ why: "matches nothing" }] });
  });

  test("an object that also changed otherwise is judged as a whole", () => {
    const state = (target: string): Situation => ({
      applications: [],
      tokens: [],
      identityProviders: [],
      ingress: [],
      records: [{ name: "house", proxied: true, target }],
      hostnames: ["house"],
      notJudged: [],
    });
    const [before, after] = [state("a"), state("b")];
    const sorted = (changes: Change[]) => sortAccepted({ changes, orphans: [] }, [good], NOW);
    const content = change("house", "1", "content");
    expect(settled(before, after, sorted([content])).records).toEqual(after.records);
    const more = sorted([content, change("house", "1", "proxied")]);
    expect(settled(before, after, more)).toBe(before);
  });
});
