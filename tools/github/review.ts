// Previews a stack with the guardrails and writes the review that the comment is made of.
//
//   tsx tools/github/review.ts --stack prod --commit <sha> [--out review.json] [--agreed true] [--sandbox]
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

/** What `access-diff` says; it also ends with an error when access widens, and then its answer counts none the less. */
async function accessDiff(
  stack: string,
  sandbox: boolean,
  agreed: boolean,
): Promise<AccessChange | undefined> {
  const command = [
    "--import",
    "tsx",
    join(projectDir, "src", "cli", "main.ts"),
    "access-diff",
    "--stack",
    stack,
  ];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...command, "--json", ...(sandbox ? ["--sandbox"] : [])],
    { cwd: projectDir, maxBuffer: 16 * 1024 * 1024 },
  ).catch((error: Error & { stdout?: string; stderr?: string }) => {
    log(error.stderr ?? error.message);
    return { stdout: error.stdout ?? "" };
  });
  return stdout.trim() === "" ? undefined : accessChangeOf(stdout, agreed);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      stack: { type: "string", default: "dev" },
      commit: { type: "string", default: "" },
      out: { type: "string", default: "review.json" },
      agreed: { type: "string", default: "false" },
      sandbox: { type: "boolean", default: false },
    },
  });
  const planned = values.sandbox
    ? await previewInSandbox(values.stack)
    : await preview(await engineAccess(false), values.stack);
  const review: Review = {
    version: 1,
    project: await projectName(),
    stack: values.stack,
    commit: values.commit,
    ...planned,
    access: await accessDiff(values.stack, values.sandbox, values.agreed === "true"),
  };
  await writeFile(values.out, `${JSON.stringify(review, null, 2)}\n`);
}

main().catch((error: unknown) => {
  log(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
