import type { StackConfig } from "../../../../config/stack-config";
import { GROUPS } from "../../../cloudflare/permission-groups";
import { findOrphans } from "../../orphans/find";
import type { Orphan } from "../../orphans/orphan";
import { heldWords, told } from "../../orphans/words";
import type { Check } from "../check";
import { CONFIG_PARTS } from "../config-parts";
import { type Finding, finding } from "../findings";

/** Objects that an earlier run left behind. */
export const leftovers: Check = {
  title: "Left-over objects",
  config: CONFIG_PARTS,
  groups: Object.values(GROUPS),
  async run({ account, config, project, stack, state }) {
    if (account === undefined) return { findings: [], summary: "" };
    const settings = { project, config: config as StackConfig, cloudflare: {} };
    const orphans = await findOrphans(account.snapshot, { stack, settings, ...(await state()) });
    return { findings: orphans.map((orphan) => judgeOrphan(orphan, stack)), summary: "none" };
  },
};

function judgeOrphan(orphan: Orphan, stack: string): Finding {
  const { kind, id, name, createdAt, lastUsedAt, hold } = orphan;
  const facts = [
    told(orphan).why,
    createdAt === undefined ? undefined : `made ${createdAt.slice(0, 10)}`,
    lastUsedAt === undefined
      ? undefined
      : lastUsedAt === "never"
        ? "never used"
        : `last used ${lastUsedAt.slice(0, 10)}`,
    heldWords(orphan),
  ].filter((fact) => fact !== undefined);
  return finding(
    "orphan",
    `${kind} ${name} (${id}) is not in the stack's state: ${facts.join("; ")}`,
    hold?.code === "state-empty"
      ? `npm run cli -- adopt --stack ${stack}`
      : `${hold === undefined ? "" : "Free it from that, then: "}npm run cli -- orphans --stack ${stack} --remove`,
    [id],
  );
}
