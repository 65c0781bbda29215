import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parseConfig } from "../../config/stack-config";
import { acceptedTokens, credentialsOf, standInName } from "../../config/stand-in";
import { isDue } from "../../packages/cli/rotate/due";
import { ConfigEdit, nextVersion, tokenEntry } from "../../packages/cli/rotate/edit-config";
import { trustIn } from "../../packages/cli/rotate/next-step";
import { projectDir } from "../../packages/cli/sandboxed/workspace";

const PROJECT = "comfyui-access";
const TOKEN = "comfyui-api";
const read = (stack: string) => readFileSync(join(projectDir, `Pulumi.${stack}.yaml`), "utf8");
const until = new Date("2090-01-02T00:00:00Z");
const proven = "sha256-00000000000000aa";

describe("the stack's config", () => {
  test.each(["dev", "prod"])(
    "of %s changes in the lines of its token alone, and goes back to what it was",
    (stack) => {
      const text = read(stack);
      const raised = new ConfigEdit(text, PROJECT)
        .setVersion(TOKEN, 2, until)
        .setNote(TOKEN, { version: 2, replaces: proven })
        .setStandIn(standInName(TOKEN), "96h", { for: TOKEN })
        .toString();
      const old = text.split("\n");
      expect(raised.split("\n").filter((line) => !old.includes(line))).toEqual([
        "      version: 2",
        '      previousExpiresAt: "2090-01-02T00:00:00Z"',
        `      rotation: { version: 2, replaces: ${proven} }`,
        `    - name: ${standInName(TOKEN)}`,
        "      duration: 96h",
        "      standIn: { for: comfyui-api }",
      ]);
      expect(old.filter((line) => !raised.split("\n").includes(line))).toEqual([]);
      const { config } = parse(raised) as { config: Record<string, unknown> };
      const tokens = config[`${PROJECT}:serviceTokens`];
      // The program takes what is written.
      const applications = [{ hostname: "a.datacrew.space", allow: { emails: ["a@b.org"] } }];
      const known = {
        accountId: "0".repeat(32),
        zone: "datacrew.space",
        teamName: "t",
        tunnel: { name: "t" },
      };
      const google = { identityProviderId: "8b41a3f6-4e3e-4ab1-9c3c-1c5c5d6d7e8f" };
      const parsed = parseConfig(
        { ...known, google, applications, serviceTokens: tokens },
        { now: new Date("2090-01-01T00:00:00Z") },
      );
      expect(parsed.serviceTokens.map(({ name }) => name)).toEqual([TOKEN, standInName(TOKEN)]);
    },
  );

  test("keeps the comments behind and before what a rotation replaces", () => {
    const text = `config:
  p:serviceTokens:
    - name: a
      version: 2 # the second
      # While the old one is in use.
      previousExpiresAt: 1970-01-01T00:00:00Z # remark
      rotation: { version: 2, proven: x } # how far it is
    - name: a-stand-in
      standIn: { for: a } # for a while
`;
    const changed = new ConfigEdit(text, "p")
      .setVersion("a", 3, until)
      .setNote("a", { version: 3, replaces: "x" })
      .setStandIn("a-stand-in", "96h", { for: "a", until: "2090-01-02T00:00:00Z" })
      .toString();
    expect(changed.split("\n").filter((line) => line.includes("#"))).toEqual([
      "      version: 3 # the second",
      "      # While the old one is in use.",
      '      previousExpiresAt: "2090-01-02T00:00:00Z" # remark',
      "      rotation: { version: 3, replaces: x } # how far it is",
      '      standIn: { for: a, until: "2090-01-02T00:00:00Z" } # for a while',
    ]);
  });

  test("in an unusual layout keeps its comments and values", () => {
    const text = `config: {"p:serviceTokens": [{name: a}, {name: b}]} # all on one line\n`;
    const changed = new ConfigEdit(text, "p").setVersion("b", 2, until).toString();
    expect(changed).toContain("# all on one line");
    expect(parse(changed)).toEqual({
      config: {
        "p:serviceTokens": [
          { name: "a" },
          { name: "b", version: 2, previousExpiresAt: "2090-01-02T00:00:00Z" },
        ],
      },
    });
  });

  test("that is not YAML, or lists no such token, is refused", () => {
    expect(() => new ConfigEdit("config: [", "p")).toThrow(/not YAML, line \d/);
    expect(() => tokenEntry(read("dev"), PROJECT, "nobody")).toThrow("lists no service token nobody");
    const none = `config: { "${PROJECT}:serviceTokens": [] }\n`;
    expect(() => tokenEntry(none, PROJECT, TOKEN)).toThrow("lists no service token");
  });

  test("a proposed version replaces what was proven; a note of another version says nothing", () => {
    const done = new ConfigEdit(read("dev"), PROJECT)
      .setVersion(TOKEN, 2, new Date("2020-01-01T00:00:00Z"))
      .setNote(TOKEN, { version: 2, proven, at: "2020-01-01T00:00:00Z" })
      .toString();
    const next = nextVersion(done, PROJECT, TOKEN, until);
    expect(tokenEntry(next, PROJECT, TOKEN)).toMatchObject({
      version: 3,
      rotation: { version: 3, replaces: proven },
    });
    expect(() => nextVersion(next, PROJECT, TOKEN, until)).toThrow("under way");
    const byHand = done.replace("version: 2\n", "version: 3\n");
    expect(tokenEntry(byHand, PROJECT, TOKEN).rotation).toBeUndefined();
    expect(tokenEntry(nextVersion(byHand, PROJECT, TOKEN, until), PROJECT, TOKEN)).toMatchObject({
      version: 103,
      rotation: { version: 103 },
    });
  });

  test("a proposed version is by 100 higher where the secret may be an adopted token's, and once", () => {
    const entry = (text: string) => tokenEntry(text, PROJECT, TOKEN);
    const adopted = nextVersion(read("dev"), PROJECT, TOKEN, until);
    expect(entry(adopted)).toMatchObject({ version: 101, rotation: { version: 101 } });
    const again = nextVersion(adopted, PROJECT, TOKEN, until);
    expect(entry(again)).toMatchObject({ version: 102, rotation: { version: 102 } });
    // Whether its secret arrived, the note does not say.
    const { version, rotation } = entry(again);
    const state = { version, fingerprint: proven };
    const config = { version, rotation, previousExpiresAt: until.toISOString() };
    expect(trustIn({ config }, state, new Date())).toBe("in doubt");
    const noted = (replaces: string) =>
      new ConfigEdit(adopted, PROJECT)
        .setEnd(TOKEN, new Date("2020-01-01T00:00:00Z"))
        .setNote(TOKEN, { version: 101, replaces })
        .toString();
    expect(entry(nextVersion(noted("unknown"), PROJECT, TOKEN, until))).toMatchObject({ version: 201 });
    expect(entry(nextVersion(noted(proven), PROJECT, TOKEN, until))).toMatchObject({ version: 102 });
  });
});

describe("stand-ins", () => {
  const resource = (id: string) => ({ clientId: id, clientSecret: `secret of ${id}`, expiresAt: "" });
  const own = { name: "a", resource: resource("own") };
  const other = { name: "b", resource: resource("other") };
  const standIn = (change: { until?: string }) => ({
    name: standInName("a"),
    standIn: { for: "a", ...change },
    resource: resource("stand-in"),
  });

  test("are handed out in the token's place until they retire, and never under a name of their own", () => {
    const ids = (tokens: Parameters<typeof credentialsOf>[0]) =>
      Object.entries(credentialsOf(tokens)).map(([name, { clientId }]) => `${name}: ${clientId}`);
    expect(ids([own, other])).toEqual(["a: own", "b: other"]);
    expect(ids([own, standIn({}), other])).toEqual(["a: stand-in", "b: other"]);
    expect(ids([own, standIn({ until: "2030-01-01T00:00:00Z" }), other])).toEqual(["a: own", "b: other"]);
  });

  test("are taken where the token is, also while they retire", () => {
    const names = (serviceTokens: string[], change = {}) =>
      acceptedTokens({ serviceTokens }, [own, other, standIn(change)]).map(({ name }) => name);
    expect(names(["a"])).toEqual(["a", standInName("a")]);
    expect(names(["a"], { until: "2030-01-01T00:00:00Z" })).toEqual(["a", standInName("a")]);
    expect(names(["b"])).toEqual(["b"]);
    expect(standInName("x".repeat(48))).toHaveLength(48);
  });
});

test.each([
  [{}, {}, true],
  [{ previousExpiresAt: "2030-01-01T00:00:00Z" }, { olderThanMs: 1000 }, true],
  [{ previousExpiresAt: "2030-02-01T00:00:00Z" }, { olderThanMs: 1000 }, false],
  [{ createdAt: "2030-01-09T00:00:00Z" }, { olderThanMs: 2 * 86_400_000 }, false],
  [
    { rotation: { version: 2, at: "2030-01-01T00:00:00Z" }, previousExpiresAt: "2030-02-01T00:00:00Z" },
    { olderThanMs: 1000 },
    true,
  ],
  [{}, { olderThanMs: 1000 }, true],
  [{ expiresAt: "2030-01-11T00:00:00Z" }, { expiringWithinMs: 2 * 86_400_000 }, true],
  [{ expiresAt: "2030-02-01T00:00:00Z" }, { expiringWithinMs: 2 * 86_400_000 }, false],
  [{}, { expiringWithinMs: 1000 }, false],
])("%j is due when %j: %s", (age, when, due) => {
  expect(isDue(age, { now: new Date("2030-01-10T00:00:00Z"), ...when })).toBe(due);
});
