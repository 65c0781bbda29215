import type { Check } from "../check";
import { finding } from "../findings";

/** The stack's config, as the program judges it. */
export const config: Check = {
  title: "Stack config",
  async run({ configProblems }) {
    return {
      findings: configProblems.map(({ path, found, remedy }) =>
        // A remedy of several lines is indented for the program's own error.
        finding("config-invalid", `${path}: ${found}`, remedy.replaceAll(/\n\s+/g, "\n  ")),
      ),
      summary: "valid",
    };
  },
};
