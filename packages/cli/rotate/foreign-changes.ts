import { isDeepStrictEqual } from "node:util";
import { AROUND } from "../../../components/types";
import { standInName } from "../../../config/stand-in";
import { UNKNOWN_VALUE } from "../../access/hidden";
import { type Fields, fieldsOf, listOf } from "../../base/json-values";
import { TYPES } from "../../cloudflare/kinds";
import { changedInputs, type PlanStep, planStep, planSteps } from "../../cloudflare/stack-plan";

/** Steps that change nothing in the account. */
const IDLE = new Set(["same", "read", "read-replacement", "discard", "discard-replaced", "refresh"]);
/** The inputs by which a token is rotated. */
const ROTATING = new Set(["clientSecretVersion", "previousClientSecretExpiresAt"]);

/**
 * The changes of a preview that are not the rotation's own, one line each; the rotation's are those of the token, of
 * its stand-in, of that one's place in the policies, and of the value that Secret Manager keeps.
 * @param json what `pulumi preview --json` printed.
 * @param standIn set when a stand-in comes, stays or goes; with its id where it has one already.
 * @throws {UserError} when it is not a preview.
 */
export function foreignChanges(json: string, token: string, standIn?: { id?: string }): string[] {
  return planSteps(json, "Pulumi's preview")
    .filter(({ op }) => !IDLE.has(op))
    .filter((step) => !isOwn(step, token, standIn))
    .map(({ op, type, name }) => `${op} ${type.split(":").at(-1)} ${name}`);
}

function isOwn(step: PlanStep, token: string, standIn: { id?: string } | undefined): boolean {
  const { op, type, name } = step;
  const changed = changedInputs(step);
  const changesOnly = (isOwnInput: (property: string) => boolean) =>
    changed.length > 0 && changed.every(isOwnInput);
  switch (type) {
    case "pulumi:pulumi:Stack":
      return true;
    case TYPES.token:
      if (name === standInName(token)) return true;
      return name === token && op === "update" && changesOnly((property) => ROTATING.has(property));
    case TYPES.policy:
      return (
        standIn !== undefined &&
        op === "update" &&
        changesOnly((property) => property === "includes") &&
        isDeepStrictEqual(othersIn(step.oldState, standIn), othersIn(step.newState, standIn))
      );
    case AROUND.secretVersion:
      // Made anew, or what it replaces taken away: then there is nothing to compare with.
      if (step.oldState === undefined || step.newState === undefined) return name === token;
      return name === token && changesOnly((property) => property === "secretData");
    default:
      return false;
  }
}

/** Whom a policy lets in besides the stand-in. An id that is not known yet is of a token that the same plan makes. */
function othersIn(state: Fields | undefined, standIn: { id?: string }): unknown[] {
  return listOf(fieldsOf(state?.["inputs"])["includes"]).filter((rule) => {
    const id = fieldsOf(fieldsOf(rule)["serviceToken"])["tokenId"];
    return id === undefined || (id !== UNKNOWN_VALUE && id !== standIn.id);
  });
}

/** Whether a resource is one that a rotation creates. */
export function isCreatedByRotation(urn: string, token: string): boolean {
  const { type, name } = planStep({ op: "create", urn });
  return (
    (type === TYPES.token && name === standInName(token)) || (type === AROUND.secretVersion && name === token)
  );
}
