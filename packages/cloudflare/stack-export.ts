import { UserError } from "../base/errors";
import type { Fields } from "../base/json-values";

/** A resource of a stack, as the engine exports it; secret values are encrypted. */
export interface StackResource {
  urn: string;
  type: string;
  /** Name in the program. */
  name: string;
  /** The vendor's id; empty for a component. */
  id: string;
  inputs: Fields;
  outputs: Fields;
  /** The engine refuses to delete it. */
  protect?: true;
}

/** A change that was begun, and that the state does not know the end of. */
export interface PendingOperation {
  /** `creating`, `updating`, … */
  type: string;
  urn: string;
}

/** What an update that runs, or was interrupted, is about to make or change, in what `pulumi stack export` prints. */
export function pendingOperations(text: string): PendingOperation[] {
  const { deployment } = JSON.parse(text) as {
    deployment?: { pending_operations?: { type?: string; resource?: { urn?: string } }[] | null };
  };
  return (deployment?.pending_operations ?? []).map(({ type = "changing", resource }) => {
    return { type, urn: resource?.urn ?? "" };
  });
}

/**
 * The resources in what `pulumi stack export` prints, as it has them, without those that only wait to be deleted; none
 * for an empty stack.
 * @param where where the text comes from, for messages.
 * @throws {UserError} when it is not an export.
 */
export function exportedResources(text: string, where: string): Record<string, unknown>[] {
  const remedy = "Give the file that `pulumi stack export` wrote.";
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new UserError(`${where} is not JSON`, remedy);
  }
  const deployment = (parsed as { deployment?: { resources?: unknown } } | null)?.deployment;
  // An empty stack has no list at all.
  const resources = deployment === undefined ? undefined : (deployment.resources ?? []);
  if (!Array.isArray(resources) || !resources.every(isResource)) {
    throw new UserError(`${where} is not a stack's exported state`, remedy);
  }
  // What a replacement left to be deleted does not decide anything any more.
  return resources.filter((resource) => resource["delete"] !== true);
}

function isResource(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const { urn, type } = value as { urn?: unknown; type?: unknown };
  return [urn, type].every((each) => each === undefined || typeof each === "string");
}
