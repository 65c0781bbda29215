// Previews a stack with the guardrails and writes the review that the comment is made of.
//
//   npm run github:review -- --stack prod --commit <sha> [--out review.json] [--agreed true] [--agreed-not-judged true]
//     [--mask true] [--sandbox]
import "../base/process/no-environment-in-reports";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findingsIn, readFindings } from "../base/process/findings-file";
import { inFolder } from "../base/process/in-folder";
import { type ComparedPlaces, readSecretPlaces } from "../cli/access-diff/secret-places";
import { type PulumiTarget, pulumi } from "../cli/engine/pulumi";
import { ensureStack, guardrails } from "../cli/sandboxed/pulumi";
import { openSandboxSession } from "../cli/sandboxed/session";
import { projectDir } from "../cli/sandboxed/workspace";
import { engineAccess } from "../cli/stack/engine-access";
import { projectName } from "../cli/stack/read-stack";
import { accessChangeOf } from "./access-change";
import { runAccessDiff } from "./access-diff-run";
import { type Planned, readEvents, streamedEvents } from "./engine-events";
import { type AccessChange, LABELS, type Label, type Review, VERSION } from "./plain/review";

const log = (line: string) => process.stderr.write(`${line}\n`);

/** What is known of one stack's plan. */
interface Previewed {
  planned: Planned;
  access?: AccessChange;
}

/** How to state the access diff. */
interface Stated {
  /** The labels by which somebody agreed. */
  labels: readonly Label[];
  /** Whether e-mail addresses are to be left out. */
  mask: boolean;
}

async function preview(target: PulumiTarget, stack: string, stated: Stated): Promise<Previewed> {
  const command = ["preview", "--json", "--stack", stack];
  const planned = await inFolder("review", async (dir) => {
    const file = join(dir, "findings.json");
    const env = { ...target.env, ...streamedEvents, ...findingsIn(file) };
    const result = await pulumi({ ...target, env }, [...command, ...guardrails]);
    if (result.code !== 0) log(result.stderr.trim());
    return readEvents(result.stdout, result.code, await projectName(target.cwd), readFindings(file));
  });
  if (!planned.completed && planned.guardrails.length === 0) return { planned };

  // Without the resources that stay the same nobody would be known to have access now.
  const digest = await pulumi(target, [...command, "--show-sames"]);
  const places = await readSecretPlaces(target, stack);
  return { planned, access: await accessChange(digest.stdout, places, stated) };
}

/** What `access-diff` says of a preview. */
async function accessChange(
  digest: string,
  places: ComparedPlaces,
  { labels, mask }: Stated,
): Promise<AccessChange | undefined> {
  return inFolder("review", async (dir) => {
    const file = join(dir, "preview.json");
    await writeFile(file, digest, { mode: 0o600 });
    const secrets = join(dir, "places.json");
    await writeFile(secrets, JSON.stringify(places), { mode: 0o600 });
    const json = await runAccessDiff(["--preview", file, "--places", secrets], { mask, log });
    return json === undefined ? undefined : accessChangeOf(json, labels);
  });
}

async function previewInSandbox(stack: string, stated: Stated): Promise<Previewed> {
  const session = await openSandboxSession({ log });
  try {
    const target = session.target("preview");
    await ensureStack(target, stack);
    return await preview(target, stack, stated);
  } finally {
    await session.close();
  }
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
      "agreed-not-judged": { type: "string", default: "false" },
      mask: { type: "string", default: "false" },
      sandbox: { type: "boolean", default: false },
    },
  });
  const { stack, sandbox } = values;
  const agreed: Record<Label, string> = {
    "access-widens": values.agreed,
    "access-not-judged": values["agreed-not-judged"],
  };
  const labels = LABELS.filter((label) => agreed[label] === "true");
  const stated = { labels, mask: values.mask === "true" };
  const { planned, access } = sandbox
    ? await previewInSandbox(stack, stated)
    : await preview(await engineAccess(false), stack, stated);
  const review: Review = {
    version: VERSION,
    project: await projectName(projectDir),
    stack,
    commit: values.commit,
    ...(stated.mask ? withoutAddresses(planned) : planned),
    access,
  };
  await writeFile(values.out, `${JSON.stringify(review, null, 2)}\n`);
}

main().catch((error: unknown) => {
  log(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
