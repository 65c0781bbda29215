import { UsageError } from "./args";

/** The options of a command whose report names people, and goes to a screen, a comment or a program. */
export const reportOptions = {
  mask: {
    type: "boolean",
    description: "Put stable names in place of addresses. Default: in Markdown only.",
  },
  markdown: { type: "boolean", default: false, description: "Report as Markdown." },
  json: { type: "boolean", default: false, description: "Report as JSON." },
} as const;

/** @throws {UsageError} when two forms of the report are asked for. */
export function mustBeOneForm({ json, markdown }: { json: boolean; markdown: boolean }): void {
  if (json && markdown) throw new UsageError("two forms of report", "give --json or --markdown");
}
