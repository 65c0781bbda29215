import { spawn } from "node:child_process";
import { cp, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PulumiTarget, pulumi } from "../../packages/cli/engine/pulumi";
import { openSandboxSession, type SandboxSession } from "../../packages/cli/sandboxed/session";
import { commandsIn } from "../docs/commands";
import { type Fence, fencesOf, inlineCommands, pages, root } from "../docs/markdown";

/** The first setup comes before what is done every day, and taking down comes last. */
const order = [
  "docs/comfyui-access-implementation.md",
  "docs/access-setup.md",
  "docs/security.md",
  "docs/QUICK_REFERENCE.md",
];
const fences = [...new Set([...order, ...pages()])].flatMap((page) => fencesOf(page));
const marked = fences.filter(({ run }) => run);

/** What a reader has that a clone has not, or that belongs to one machine. */
const LEFT_OUT = new Set(["node_modules", ".git", ".sandbox", "dist", ".env", ".env.dev"]);

let dir: string;
let session: SandboxSession;
let target: PulumiTarget;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "docs-"));
  const clone = join(dir, "clone");
  for (const entry of await readdir(root)) {
    if (!LEFT_OUT.has(entry)) await cp(join(root, entry), join(clone, entry), { recursive: true });
  }
  await symlink(join(root, "node_modules"), join(clone, "node_modules"));
  session = await openSandboxSession({ dir: join(dir, "workspace"), keepState: false });
  target = { ...session.target("up"), cwd: clone };
});

afterAll(async () => {
  await session?.close();
  await rm(dir, { recursive: true, force: true });
});

describe("marked commands, in the order of the pages, in a clone whose Cloudflare is a sandbox", () => {
  test("there are some on each", () => {
    expect(order.filter((page) => marked.some((fence) => fence.page === page))).toEqual(order);
  });

  test.each(marked.map((fence) => [`${fence.page}:${fence.line}`, fence] as const))(
    "%s",
    async (_, fence) => {
      const { code, output } = await run(fence);
      expect(code, output).toBe(0);
      expect(output).not.toContain(TYPED);
    },
  );
});

test("every option of a pulumi command exists in the engine", async () => {
  const commands = [
    ...fences.filter(({ language }) => language === "sh").map(({ text }) => text),
    ...pages().flatMap(inlineCommands),
  ]
    .flatMap(commandsIn)
    .filter(([program]) => program === "pulumi");
  const helps = new Map<string, string>();
  for (const [, ...words] of commands) {
    const options = words.filter((word) => word.startsWith("--")).map((word) => word.replace(/=.*/, ""));
    const verbs = words.slice(
      0,
      ["config", "stack", "policy", "state", "plugin"].includes(words[0] ?? "") ? 2 : 1,
    );
    const verb = verbs.filter((word) => /^[a-z]+$/.test(word));
    const name = verb.join(" ");
    if (!helps.has(name)) {
      const { code, stdout, stderr } = await pulumi(target, [...verb, "--help"]);
      expect(code, stderr).toBe(0);
      helps.set(name, stdout);
    }
    for (const option of options) expect(helps.get(name), `pulumi ${words.join(" ")}`).toContain(option);
  }
  expect(helps.size).toBeGreaterThan(3);
});

/** What is typed when a command asks. */
const TYPED = "GOCSPX-typed-at-the-prompt";

/** Runs a block as somebody in a terminal would, who answers yes. */
function run(fence: Fence): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const shell = spawn("bash", ["--norc", "-euo", "pipefail", "-c", fence.text], {
      cwd: target.cwd,
      env: { ...target.env, PULUMI_SKIP_CONFIRMATIONS: "true" },
    });
    let output = "";
    for (const stream of [shell.stdout, shell.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        output += chunk;
      });
    }
    shell.once("error", reject);
    shell.once("close", (code) => resolve({ code, output }));
    shell.stdin.on("error", () => {}).end(TYPED);
  });
}
