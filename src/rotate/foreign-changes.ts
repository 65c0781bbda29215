import { z } from "zod";
import { UserError } from "../errors";
import { TYPES } from "../explain/access-state";
import { standInName } from "../stand-in";

/** `pulumi preview --json`, as far as it matters here. */
const preview = z.object({
  steps: z.array(
    z.object({
      op: z.string(),
      urn: z.string(),
      detailedDiff: z.record(z.string(), z.unknown()).nullish(),
      diffReasons: z.array(z.string()).nullish(),
    }),
  ),
});

const STORED = "gcp:secretmanager/secretVersion:SecretVersion";
/** Steps that change nothing in the account. */
const IDLE = new Set(["same", "read", "read-replacement", "discard", "discard-replaced", "refresh"]);

/**
 * The changes of a preview that are not the rotation's own, one line each; the rotation's are those of the token, of
 * its stand-in, of the policies' lists of tokens, and of the value that Secret Manager keeps.
 * @param json what `pulumi preview --json` printed.
 * @param standIn whether a stand-in comes, stays or goes.
 * @throws {UserError} when it is not a preview.
 */
export function foreignChanges(json: string, token: string, { standIn }: { standIn: boolean }): string[] {
  return stepsOf(json)
    .filter(({ op }) => !IDLE.has(op))
    .filter((step) => !isOwn(step, token, standIn))
    .map(({ op, urn }) => {
      const { type, name } = partsOf(urn);
      return `${op} ${type.split(":").at(-1)} ${name}`;
    });
}

type PreviewStep = z.infer<typeof preview>["steps"][number];

function stepsOf(json: string): PreviewStep[] {
  try {
    return preview.parse(JSON.parse(json)).steps;
  } catch {
    // The parser's own words may quote the text.
    throw new UserError("Pulumi's preview is not in the known form", "Use Pulumi 3.259 or newer.");
  }
}

function isOwn(step: PreviewStep, token: string, standIn: boolean): boolean {
  const { type, name } = partsOf(step.urn);
  const changed = Object.keys(step.detailedDiff ?? {}).concat(step.diffReasons ?? []);
  switch (type) {
    case "pulumi:pulumi:Stack":
      return true;
    case TYPES.token:
      if (name === standInName(token)) return true;
      return (
        name === token &&
        step.op === "update" &&
        changed.every((key) => key === "clientSecretVersion" || key === "previousClientSecretExpiresAt")
      );
    case TYPES.policy:
      // Only with a stand-in do the lists of tokens change.
      return standIn && step.op === "update" && changed.every((key) => /^includes\b/.test(key));
    case STORED:
      return name === token;
    default:
      return false;
  }
}

/** Whether a resource is one that a rotation creates. */
export function isCreatedByRotation(urn: string, token: string): boolean {
  const { type, name } = partsOf(urn);
  return (type === TYPES.token && name === standInName(token)) || (type === STORED && name === token);
}

function partsOf(urn: string): { type: string; name: string } {
  const [, , types = "", name = ""] = urn.split("::");
  return { type: types.split("$").at(-1) ?? "", name };
}
