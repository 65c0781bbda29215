import { describe, expect, it } from "vitest";
import type { Rule } from "../../../packages/provider/tunnel-ingress/merge";
import { type Change, UncertainWrite, writeRules } from "../../../packages/provider/tunnel-ingress/write";
import { SharedList, TUNNEL, withRules } from "./shared-list";

const app: Rule = { hostname: "app.example.org", service: "http://localhost:1" };
const other: Rule = { hostname: "other.example.org", service: "http://localhost:2" };
const late: Rule = { hostname: "late.example.org", service: "http://localhost:3" };
const end: Rule = { service: "http_status:404" };

const texts = (rules: Rule[]) => rules.map((rule) => JSON.stringify(rule));
const listOf = (...rules: Rule[]) => new SharedList(withRules("{}", texts(rules)));
const parsed = (list: SharedList) => list.rules.map((rule) => JSON.parse(rule));
const add = (list: SharedList, more: Partial<Change> = {}) =>
  writeRules(list, { tunnel: TUNNEL, owned: [], desired: [app], ...more });
const remove = (list: SharedList, more: Partial<Change> = {}) =>
  writeRules(list, { tunnel: TUNNEL, owned: [app], desired: [], ...more });

/** Somebody else's write, once. */
function once(list: SharedList, moment: string, ...rules: Rule[]): void {
  let left = 1;
  list.meanwhile = (now) => {
    if (now === moment && left-- > 0) list.putRules(texts(rules));
  };
}

describe("writing while somebody else writes", () => {
  it("puts ours back when a stale write undid it, and keeps what that write added", async () => {
    const list = listOf(other, end);
    once(list, "written", other, late, end);
    await add(list);
    expect(parsed(list)).toEqual([other, late, app, end]);
    expect(list.writes).toBe(2);
  });

  it("moves ours before a rule that came meanwhile and hides it", async () => {
    const list = listOf(other, end);
    const wildcard = { hostname: "*.example.org", service: "http://localhost:4" };
    once(list, "written", wildcard, other, app, end);
    await add(list);
    expect(parsed(list)).toEqual([app, wildcard, other, end]);
  });

  it("lets others remove their own rules", async () => {
    const list = listOf(other, end);
    once(list, "written", app, end);
    await add(list);
    expect(list.writes).toBe(1);
  });

  it("fails, with our rule in place, when somebody wrote between reading and writing", async () => {
    const list = listOf(other, end);
    once(list, "write", other, late, end);
    const failure = await add(list).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UncertainWrite);
    expect(String(failure)).toMatch(
      /tunnel t: our rules are in place.*version 8 \(ours is 9, at 20.*overwritten/,
    );
    expect(String(failure)).toMatch(/Audit Logs.*run up again/);
    expect(parsed(list)).toEqual([other, app, end]);
    list.meanwhile = () => {};
    await add(list, { owned: [app] });
    expect(list.writes).toBe(1);
  });

  it("notices it also at the first write of all", async () => {
    const list = new SharedList(undefined);
    once(list, "write", late, end);
    await expect(add(list)).rejects.toThrow(/version 1 \(ours is 2/);
  });

  it("says so when it happened during a removal, and the next one goes through", async () => {
    const list = listOf(other, app, end);
    once(list, "write", other, app, late, end);
    await expect(remove(list)).rejects.toThrow(/overwritten/);
    expect(parsed(list)).toEqual([other, end]);
    await remove(list);
    expect(list.writes).toBe(1);
  });

  it("gives up after a few tries and names what is missing", async () => {
    const list = listOf(other, end);
    list.meanwhile = (moment) => moment === "written" && list.putRules(texts([other, end]));
    await expect(add(list)).rejects.toThrow(/app\.example\.org is missing after 4 writes/);
  });

  it("takes ours out again when a stale write brought them back", async () => {
    const list = listOf(other, app, end);
    once(list, "written", other, app, late, end);
    await remove(list);
    expect(parsed(list)).toEqual([other, late, end]);
  });

  it("leaves a rule that somebody else makes for our host name once ours is out", async () => {
    const list = listOf(other, app, end);
    const theirs = { ...app, service: "http://theirs:1" };
    once(list, "written", other, theirs, end);
    await remove(list);
    expect(parsed(list)).toEqual([other, theirs, end]);
  });

  it("says when the API changed somebody else's rule", async () => {
    const list = listOf(other, end);
    list.meanwhile = (moment) => {
      if (moment === "written") list.text = withRules("{}", texts([app, end]));
    };
    await expect(add(list)).rejects.toThrow(/other\.example\.org is missing/);
  });
});

describe("a write without an answer", () => {
  it("that was done is not taken for somebody else's", async () => {
    const list = listOf(other, end);
    list.answer = (write) => (write === 1 ? "lost" : "given");
    await add(list);
    expect(parsed(list)).toEqual([other, app, end]);
    expect(list.writes).toBe(1);
  });

  it("that was not done is done again", async () => {
    const list = listOf(other, end);
    list.answer = (write) => (write === 1 ? "lost before" : "given");
    await add(list);
    expect(list.writes).toBe(2);
    expect(list.version).toBe(8);
  });

  it("that went over somebody else's write is no less noticed", async () => {
    const list = listOf(other, end);
    list.answer = () => "lost";
    once(list, "write", other, late, end);
    await expect(add(list)).rejects.toThrow(/overwritten/);
  });

  it("that was overtaken loses nothing", async () => {
    const list = listOf(other, end);
    list.answer = (write) => (write === 1 ? "lost" : "given");
    once(list, "written", other, late, end);
    await add(list);
    expect(parsed(list)).toEqual([other, late, app, end]);
  });

  it("ends with the API's own words when there never is one", async () => {
    const list = listOf(other, end);
    list.answer = () => "lost before";
    await expect(add(list)).rejects.toThrow(/no answer, also after 4 tries/);
  });

  it("keeps what was written when the list cannot be read back", async () => {
    const list = listOf(other, end);
    list.meanwhile = (moment, count) => {
      if (moment === "read" && count === 2) throw new Error("the network is down");
    };
    await expect(add(list)).rejects.toThrow(UncertainWrite);
  });
});

describe("the catch-all rule", () => {
  it("goes with our last rule when we added it", async () => {
    const list = new SharedList('{"ingress":[],"originRequest":{"connectTimeout":10}}');
    const before = list.rules;
    const ownCatchAll = await add(list);
    expect(ownCatchAll).toBe(true);
    expect(parsed(list)).toEqual([app, end]);
    await remove(list, { ownCatchAll });
    expect(list.rules).toEqual(before);
  });

  it("stays when somebody else's rules need it by then, or when it is theirs", async () => {
    const list = listOf(other, app, end);
    await remove(list, { ownCatchAll: true });
    expect(parsed(list)).toEqual([other, end]);
    const theirs = listOf(app, end);
    await remove(theirs);
    expect(parsed(theirs)).toEqual([end]);
  });

  it("stays when the API does not take an empty list", async () => {
    const list = listOf(app, end);
    const write = list.write.bind(list);
    list.write = async (...args) => {
      if (args[2].length === 0) return write(args[0], args[1], [app]);
      return write(...args);
    };
    await remove(list, { ownCatchAll: true });
    expect(parsed(list)).toEqual([end]);
  });
});
