// Raises the version of one service token in the stack's config, in place: comments and order stay as they are.
//
//   npm run github:rotate -- --stack prod --token comfyui-api --days 7 [--when-older-than 90]
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { LONGEST_OVERLAP_DAYS } from "../../config/limits";
import { UserError } from "../base/errors";
import { isDue } from "../cli/rotate/due";
import { nextVersion, tokenEntry } from "../cli/rotate/edit-config";
import { projectDir } from "../cli/sandboxed/workspace";
import { ConfigFile } from "../cli/stack/config-file";
import { projectName } from "../cli/stack/read-stack";

const DAY = 86_400_000;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      stack: { type: "string", default: "prod" },
      token: { type: "string", default: "comfyui-api" },
      days: { type: "string", default: "7" },
      "when-older-than": { type: "string" },
    },
  });
  const days = daysOf("--days", values.days, LONGEST_OVERLAP_DAYS);
  const age = values["when-older-than"];
  const file = new ConfigFile(join(projectDir, `Pulumi.${values.stack}.yaml`));
  const before = await file.read();
  const project = await projectName(projectDir);
  const now = Date.now();
  const due =
    age === undefined ||
    isDue(tokenEntry(before, project, values.token), {
      now: new Date(now),
      olderThanMs: daysOf("--when-older-than", age, 3650) * DAY,
    });
  if (due) {
    await file.replace(before, nextVersion(before, project, values.token, new Date(now + days * DAY)));
  } else {
    process.stdout.write(`${values.token} is not due: its secret is not ${age} days old\n`);
  }
  const output = process.env["GITHUB_OUTPUT"];
  if (output) await appendFile(output, `raised=${due}\n`);
}

function daysOf(option: string, value: string, most: number): number {
  const days = Number(value);
  if (value !== "" && days >= 0 && days <= most) return days;
  throw new UserError(`${option} is ${value}`, `Give 0 to ${most} days.`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
