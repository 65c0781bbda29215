import type { StackConfig } from "../../../../config/stack-config";
import { type Check, noteBy, WARNS } from "../../../cloudflare/checks/check";
import { GROUPS } from "../../../cloudflare/permission-groups";
import { findOrphans } from "../../orphans/find";
import type { Orphan } from "../../orphans/orphan";
import { CONFIG_PARTS } from "../config-parts";
import type { Context } from "../context";

export interface LeftoverFindings {
  orphan: { orphan: Orphan };
}

/** Objects that an earlier run left behind. */
export const leftovers: Check<LeftoverFindings, Context> = {
  code: "leftovers",
  title: "Left-over objects",
  reads: ["account", "state"],
  config: CONFIG_PARTS,
  groups: Object.values(GROUPS),
  finds: { orphan: WARNS },
  async run({ account, config, project, stack, state }) {
    if (account === undefined) return { findings: [], summary: "" };
    const settings = { project, config: config as StackConfig, cloudflare: {} };
    const orphans = await findOrphans(account.snapshot, { stack, settings, ...(await state()) });
    const note = noteBy<LeftoverFindings>(leftovers.finds);
    return {
      findings: orphans.map((orphan) => note("orphan", orphan.where, { orphan }, { objects: [orphan.id] })),
      summary: "none",
    };
  },
};
