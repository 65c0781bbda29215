// Raises the version of one service token in the stack's config, in place: comments and order stay as they are.
//
//   tsx tools/github/rotate.ts --stack prod --token comfyui-api --days 7
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { isMap, isSeq, parseDocument, type YAMLMap } from "yaml";
import { UserError } from "../../src/errors";
import { projectDir } from "../../src/sandboxed/workspace";
import { projectName } from "../../src/stack/read-stack";

/**
 * The config with the token's next version.
 *
 * @param until when the secret before it stops being accepted
 * @throws {UserError} when the config does not list the token.
 */
export function nextVersion(yaml: string, project: string, token: string, until: Date): string {
  const document = parseDocument(yaml);
  const tokens = document.getIn(["config", `${project}:serviceTokens`]);
  const entry = isSeq(tokens)
    ? tokens.items.find((item): item is YAMLMap => isMap(item) && item.get("name") === token)
    : undefined;
  if (entry === undefined) {
    throw new UserError(`the config lists no service token ${token}`, "Give the name of one that it lists.");
  }
  entry.set("version", Number(entry.get("version") ?? 1) + 1);
  entry.set("previousExpiresAt", until.toISOString().replace(/\.\d+Z$/, "Z"));
  return document.toString({ lineWidth: 0 });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      stack: { type: "string", default: "prod" },
      token: { type: "string", default: "comfyui-api" },
      days: { type: "string", default: "7" },
    },
  });
  const days = Number(values.days);
  if (!(days >= 0 && days <= 90)) {
    throw new UserError(
      `--days is ${values.days}`,
      "Give 0 to 90 days for which the old secret still works.",
    );
  }
  const file = join(projectDir, `Pulumi.${values.stack}.yaml`);
  const until = new Date(Date.now() + days * 86_400_000);
  await writeFile(
    file,
    nextVersion(await readFile(file, "utf8"), await projectName(projectDir), values.token, until),
  );
}

if (require.main === module) {
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
