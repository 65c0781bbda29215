import type { Check } from "../check";
import { finding } from "../findings";

/** The stack's config, as the program judges it. */
export const config: Check = {
  title: "Stack config",
  async run({ configProblems }) {
    return {
      findings: configProblems.map(({ path, found, remedy }) =>
        finding("config-invalid", `${path}: ${found}`, remedy),
      ),
      summary: "valid",
    };
  },
};
