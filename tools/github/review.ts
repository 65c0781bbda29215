// Previews a stack with the guardrails and writes the review that the comment is made of.
//
//   tsx tools/github/review.ts --stack prod --commit <sha> [--out review.json] [--agreed true] [--mask true] [--sandbox]
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { engineAccess } from "../../src/cli/stack-access";
import { ensureStack, guardrails, type PulumiTarget, pulumi } from "../../src/sandboxed/pulumi";
import { openSandboxSession } from "../../src/sandboxed/session";
import { projectDir } from "../../src/sandboxed/workspace";
import { accessChangeOf } from "./access-change";
import { type Planned, readEvents, streamedEvents } from "./engine-events";
import type { AccessChange, Review } from "./plain/review";
import { projectName } from "./project";

const log = (line: string) => process.stderr.write(`${line}\n`);

async function preview(target: PulumiTarget, stack: string): Promise<Planned> {
  const env = { ...target.env, ...streamedEvents };
  const result = await pulumi({ ...target, env }, ["preview", "--json", "--stack", stack, ...guardrails]);
  if (result.code !== 0) log(result.stderr.trim());
  return readEvents(result.stdout, result.code);
}

async function previewInSandbox(stack: string): Promise<Planned> {
  const session = await openSandboxSession({ log });
  try {
    const target = session.target("preview");
    await ensureStack(target, stack);
    return await preview(target, stack);
  } finally {
    await session.close();
  }
}

interface Asked {
  stack: string;
  sandbox: boolean;
  /** Whether access is meant to widen. */
  agreed: boolean;
  /** Whether e-mail addresses are to be left out. */
  mask: boolean;
}

/** What `access-diff` says; it also ends with an error when access widens, and then its answer counts none the less. */
async function accessDiff(options: Asked): Promise<AccessChange | undefined> {
  const { stack, sandbox, agreed, mask } = options;
  const script = ["--import", "tsx", join(projectDir, "src", "cli", "main.ts")];
  const where = sandbox ? "--sandbox" : "--no-sandbox";
  const command = ["access-diff", "--stack", stack, where, "--json", mask ? "--mask" : "--no-mask"];
  const { stdout } = await promisify(execFile)(process.execPath, [...script, ...command], {
    cwd: projectDir,
    maxBuffer: 16 * 1024 * 1024,
  }).catch((error: Error & { stdout?: string; stderr?: string }) => {
    log(error.stderr ?? error.message);
    return { stdout: error.stdout ?? "" };
  });
  return stdout.trim() === "" ? undefined : accessChangeOf(stdout, agreed);
}

/** For a repository that everybody can read; the access diff has stable names in place of addresses instead. */
function withoutAddresses<T>(planned: T): T {
  const text = JSON.stringify(planned).replace(/[^\s"'\\<>()@]+@[\w.-]+/g, "(an address)");
  return JSON.parse(text) as T;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      stack: { type: "string", default: "dev" },
      commit: { type: "string", default: "" },
      out: { type: "string", default: "review.json" },
      agreed: { type: "string", default: "false" },
      mask: { type: "string", default: "false" },
      sandbox: { type: "boolean", default: false },
    },
  });
  const { stack, sandbox } = values;
  const [agreed, mask] = [values.agreed === "true", values.mask === "true"];
  const planned = sandbox ? await previewInSandbox(stack) : await preview(await engineAccess(false), stack);
  const review: Review = {
    version: 1,
    project: await projectName(),
    stack,
    commit: values.commit,
    ...(mask ? withoutAddresses(planned) : planned),
    access: await accessDiff({ stack, sandbox, agreed, mask }),
  };
  await writeFile(values.out, `${JSON.stringify(review, null, 2)}\n`);
}

main().catch((error: unknown) => {
  log(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
