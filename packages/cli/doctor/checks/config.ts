import type { Problem } from "../../../base/problems";
import { type Check, noteBy, STOPS_PREVIEW } from "../../../cloudflare/checks/check";
import type { Context } from "../context";

export interface ConfigFindings {
  "config-invalid": Problem;
}

/** The stack's config, as the program judges it. */
export const config: Check<ConfigFindings, Context> = {
  code: "config",
  title: "Stack config",
  reads: ["config"],
  finds: { "config-invalid": STOPS_PREVIEW },
  async run({ configProblems }) {
    const note = noteBy<ConfigFindings>(config.finds);
    const findings = configProblems.map((problem) => note("config-invalid", problem.path, problem));
    return { findings, summary: "valid" };
  },
};
