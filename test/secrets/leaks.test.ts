import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { knownSecrets, leakWarnings } from "../../packages/cli/secrets/known-secrets";
import { findLeaks } from "../../packages/cli/secrets/leaks";

const SECRET = "5ec2e7-c0ffee/5ec2e7+==";

let dir: string;

beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "leaks-")));
  git("init", "--quiet");
});

afterEach(() => rmSync(dir, { recursive: true }));

const git = (...args: string[]) => execFileSync("git", ["-C", dir, ...args], { stdio: "pipe" });

/** A file that git tracks. */
function track(name: string, content: string | Buffer): void {
  mkdirSync(join(dir, name, ".."), { recursive: true });
  writeFileSync(join(dir, name), content);
  git("add", "--force", name);
}

const find = (secrets: Record<string, string> = { token: SECRET }) => findLeaks(dir, secrets);

describe("a secret is found", () => {
  test("by file and line, each line once", async () => {
    track("docs/a.md", `one\ntwo ${SECRET} and ${SECRET}\n\n${SECRET}`);
    track("b.md", "nothing");
    expect(await find()).toEqual([
      { label: "token", file: "docs/a.md", line: 2 },
      { label: "token", file: "docs/a.md", line: 4 },
    ]);
  });

  test.each([
    ["as a value of a Kubernetes secret", `  token: ${Buffer.from(SECRET).toString("base64")}`],
    ["in a Basic credential", Buffer.from(`c1.access:${SECRET}`).toString("base64")],
    ["in hexadecimal", Buffer.from(SECRET).toString("hex")],
    ["in a URL", `https://x/?t=${encodeURIComponent(SECRET)}`],
    ["in JSON", JSON.stringify({ t: `${SECRET}` })],
    ["among bytes that are no text", Buffer.from([0, 255, ...Buffer.from(SECRET), 0, 128])],
    ["in a file with a BOM and CRLF", `\ufeff${SECRET}\r\n`],
  ])("%s", async (_, content) => {
    track("x", content);
    expect(await find()).toEqual([{ label: "token", file: "x", line: 1 }]);
  });

  test("when JSON has to escape it", async () => {
    const quoted = 'with "quotes" and \\';
    track("x.json", JSON.stringify({ t: quoted }));
    expect(await find({ q: quoted })).toEqual([{ label: "q", file: "x.json", line: 1 }]);
  });

  test.each([-10, 0, 10])("across the pieces in which a large file is read (%i)", async (offset) => {
    const piece = 1024 * 1024;
    const before = "x\n".repeat((piece + offset - SECRET.length) / 2 + 4);
    track("large", `${before}${SECRET}\n${"y".repeat(piece)}\n${SECRET}\n`);
    const line = before.length / 2 + 1;
    expect(await find()).toEqual([
      { label: "token", file: "large", line },
      { label: "token", file: "large", line: line + 2 },
    ]);
  });

  test("from any folder of the work tree, in a name with blanks, newlines and no ASCII", async () => {
    const name = "ä b\nc/d.txt";
    track(name, SECRET);
    mkdirSync(join(dir, "sub"));
    expect(await findLeaks(join(dir, "sub"), { token: SECRET })).toEqual([
      { label: "token", file: name, line: 1 },
    ]);
  });

  test("although it is ignored, once it is tracked; and not what is only ignored", async () => {
    track(".gitignore", ".env\n");
    writeFileSync(join(dir, ".env"), SECRET);
    expect(await find()).toEqual([]);
    track(".env", SECRET);
    expect(await find()).toEqual([{ label: "token", file: ".env", line: 1 }]);
  });
});

describe("nothing is found, and nothing fails", () => {
  test("outside a work tree, and without secrets", async () => {
    track("a", SECRET);
    expect(await findLeaks(tmpdir(), { token: SECRET })).toEqual([]);
    expect(await findLeaks(join(dir, "nowhere"), { token: SECRET })).toEqual([]);
    expect(await find({})).toEqual([]);
    expect(await find({ short: SECRET.slice(0, 7), empty: "" })).toEqual([]);
  });

  test("behind a link, in a file that was deleted, and in a submodule", async () => {
    writeFileSync(join(dir, "outside"), SECRET);
    symlinkSync("outside", join(dir, "link"));
    git("add", "link");
    track("deleted", SECRET);
    unlinkSync(join(dir, "deleted"));
    mkdirSync(join(dir, "module"));
    git(
      "update-index",
      "--add",
      "--cacheinfo",
      "160000",
      "0123456789012345678901234567890123456789",
      "module",
    );
    expect(await find()).toEqual([]);
  });

  test("under the variables that git sets for hooks", async () => {
    track("a", SECRET);
    process.env.GIT_DIR = "/nowhere";
    try {
      expect(await find()).toHaveLength(1);
    } finally {
      delete process.env.GIT_DIR;
    }
  });
});

describe("what is looked for", () => {
  const outputs = {
    applications: {},
    serviceTokens: {
      "comfyui-api": { clientId: "c1.access", clientSecret: SECRET },
      imported: { clientId: "c2.access", clientSecret: null },
    },
    tunnel: { token: "eyJhIjoiMSJ9-of-the-tunnel" },
  };

  test("each token's secret, also as a Basic credential, the tunnel's token, and Google's secret", async () => {
    const known = knownSecrets(outputs, "GOCSPX-5ec2e7");
    track("curl.sh", `-H 'Authorization: Basic ${Buffer.from(`c1.access:${SECRET}`).toString("base64")}'`);
    track("compose.yaml", `TUNNEL_TOKEN: ${outputs.tunnel.token}\nGOOGLE: GOCSPX-5ec2e7\n`);
    const leaks = await findLeaks(dir, Object.fromEntries(known.map(({ label, value }) => [label, value])));
    const warnings = leakWarnings(leaks, known);
    expect(warnings).toEqual([
      expect.stringMatching(
        /^secret of service token comfyui-api stands in what git tracks, curl.sh:1: npm run rotate -- --token comfyui-api;.*history$/,
      ),
      expect.stringMatching(/^connector token of the tunnel .*compose.yaml:1: `pulumi up --replace/),
      expect.stringMatching(/^Google client secret .*compose.yaml:2: .*google\.clientSecret/),
    ]);
    expect(warnings.join()).not.toContain(SECRET);
  });

  test("many places are counted", () => {
    const known = knownSecrets(outputs);
    const label = known[0]?.label ?? "";
    const leaks = Array.from({ length: 8 }, (_, index) => ({ label, file: "a", line: index + 1 }));
    expect(leakWarnings(leaks, known)).toEqual([
      expect.stringContaining("a:1, a:2, a:3, a:4, a:5 and 3 more:"),
    ]);
  });
});
