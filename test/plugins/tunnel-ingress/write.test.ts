import { beforeEach, describe, expect, it } from "vitest";
import { keyOf, type Rule } from "../../../plugins/tunnel-ingress/merge";
import type { LiveConfiguration } from "../../../plugins/tunnel-ingress/tunnel-api";
import { type RuleStore, writeRules } from "../../../plugins/tunnel-ingress/write";

const tunnel = { accountId: "a", tunnelId: "t" };
const app: Rule = { hostname: "app.example.org", service: "http://localhost:1" };
const other: Rule = { hostname: "other.example.org", service: "http://localhost:2" };
const late: Rule = { hostname: "late.example.org", service: "http://localhost:3" };
const end: Rule = { service: "http_status:404" };

/** A tunnel's list, and somebody else who writes it right after or before each of our writes. */
class SharedList implements RuleStore {
  version = 1;
  writes = 0;
  afterWrite: (write: number) => void = () => {};
  beforeWrite: (write: number) => void = () => {};

  constructor(public rules: Rule[]) {}

  async read(): Promise<LiveConfiguration> {
    return { version: this.version, config: { ingress: this.rules }, rules: this.rules };
  }

  async write(_: unknown, __: unknown, rules: Rule[]): Promise<number> {
    this.writes += 1;
    this.beforeWrite(this.writes);
    const version = this.put(rules);
    this.afterWrite(this.writes);
    return version;
  }

  put(rules: Rule[]): number {
    this.rules = rules;
    this.version += 1;
    return this.version;
  }
}

let warnings: string[];
const warn = async (message: string) => {
  warnings.push(message);
};

beforeEach(() => {
  warnings = [];
});

describe("writing while somebody else writes", () => {
  it("puts ours back when a stale write undid it, and keeps what that write added", async () => {
    const list = new SharedList([other, end]);
    list.afterWrite = (write) => {
      if (write === 1) list.put([other, late, end]);
    };
    await writeRules(list, tunnel, [], [app], warn);
    expect(list.rules).toEqual([other, late, app, end]);
    expect(list.writes).toBe(2);
  });

  it("lets others remove their own rules", async () => {
    const list = new SharedList([other, end]);
    list.afterWrite = () => {
      list.put([app, end]);
    };
    await writeRules(list, tunnel, [], [app], warn);
    expect(list.writes).toBe(1);
  });

  it("warns when somebody wrote between reading and writing", async () => {
    const list = new SharedList([other, end]);
    list.beforeWrite = () => {
      list.put([other, late, end]);
    };
    await writeRules(list, tunnel, [], [app], warn);
    expect(warnings.join()).toContain("from version 1 to 3");
  });

  it("gives up after a few tries and names what is missing", async () => {
    const list = new SharedList([other, end]);
    list.afterWrite = () => {
      list.put([other, end]);
    };
    await expect(writeRules(list, tunnel, [], [app], warn)).rejects.toThrow(
      /app\.example\.org is missing after 4 writes/,
    );
  });

  it("takes ours out again when a stale write brought them back", async () => {
    const list = new SharedList([other, app, end]);
    list.afterWrite = (write) => {
      if (write === 1) list.put([other, app, late, end]);
    };
    await writeRules(list, tunnel, [keyOf(app)], [], warn);
    expect(list.rules).toEqual([other, late, end]);
  });

  it("says when the API changed somebody else's rule", async () => {
    const list = new SharedList([other, end]);
    list.afterWrite = () => {
      list.rules = list.rules.filter((rule) => rule !== other);
    };
    await expect(writeRules(list, tunnel, [], [app], warn)).rejects.toThrow(/other\.example\.org is missing/);
  });
});
