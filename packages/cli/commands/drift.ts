import { randomBytes } from "node:crypto";
import { defineCommand } from "citty";
import { maskAddresses } from "../access-diff/mask";
import { drift } from "../drift/drift";
import { EXIT_CODES, exitCode, type FailOn } from "../drift/exit-code";
import { renderJson } from "../drift/render/json";
import { renderMarkdown } from "../drift/render/markdown";
import { renderText } from "../drift/render/text";
import { openStack } from "../stack/open-stack";
import { sandboxArg, stackArg, UsageError } from "./args";
import { mustBeOneForm, reportOptions } from "./report-options";

/** Keys the masked names, so that they stay the same from run to run. */
const SALT = "ACCESS_DIFF_SALT";

export const driftCommand = defineCommand({
  meta: {
    name: "drift",
    description:
      "Say what changed in the account since the last `up`, by object and field, who can get in now who could not " +
      `before, and what cannot be seen. Changes nothing; the API token only has to read. ${EXIT_CODES}. ` +
      `E-mail addresses are masked in Markdown unless --no-mask; ${SALT} keeps the masked names the same.`,
  },
  args: {
    stack: stackArg,
    sandbox: sandboxArg,
    "fail-on": {
      type: "enum",
      options: ["change", "widening"] satisfies FailOn[],
      default: "change",
      description: "With `widening`, exit 0 instead of 3. A check that could not be made stays 1.",
    },
    probe: {
      type: "boolean",
      default: true,
      description:
        "Try the service tokens' secrets through the edge, and the login's with Google; --no-probe does neither.",
    },
    days: {
      type: "string",
      valueHint: "days",
      default: "30",
      description: "Name the service tokens that end within so many days.",
    },
    ...reportOptions,
  },
  async run({ args }) {
    mustBeOneForm(args);
    const days = daysOf(args.days);
    const opened = await openStack(args);
    try {
      const report = await drift(opened, { probe: args.probe, days });
      const salt = process.env[SALT] || randomBytes(16).toString("hex");
      const shown = (args.mask ?? args.markdown) ? maskAddresses(report, salt) : report;
      const render = args.json ? renderJson : args.markdown ? renderMarkdown : renderText;
      process.stdout.write(render(shown));
      return exitCode(report, args["fail-on"]);
    } finally {
      await opened.close();
    }
  },
});

function daysOf(value: string): number {
  if (/^\d{1,4}$/.test(value) && Number(value) <= 3650) return Number(value);
  throw new UsageError(`--days is "${value}"`, "use a whole number of days, at most 3650");
}
