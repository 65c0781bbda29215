import { TYPES } from "../../cloudflare/kinds";
import type { OrphanSearch } from "./orphan";

/** What the stack's state says about the account. */
export interface Knowledge {
  /** Ids of every object that is the stack's, also those that wait to be deleted. */
  ids: ReadonlySet<string>;
  /** Nothing in the state belongs to this account: the stack was never brought up, or its state is not the right one. */
  empty: boolean;
  /** Names of the stack's objects of a type, as they were last written. */
  names(type: string): string[];
  /** Name and decision of the stack's policies, as they were last written. */
  policies: readonly { name: unknown; decision: unknown }[];
}

export function knowledgeOf({ resources, pendingDeletes }: OrphanSearch, accountId: string): Knowledge {
  const ids = new Set([...resources.map(({ id }) => id), ...pendingDeletes].filter((id) => id !== ""));
  const live = resources.filter(({ type, id }) => id !== "" && type.startsWith("cloudflare:"));
  const here = live.filter(({ inputs, outputs }) => {
    const account = inputs["accountId"] ?? outputs["accountId"];
    // A record has a zone only, and a value that is kept encrypted cannot be compared.
    return typeof account !== "string" || account === accountId;
  });
  return {
    ids,
    empty: here.length === 0,
    policies: resources
      .filter(({ type }) => type === TYPES.policy)
      .map(({ inputs }) => ({ name: inputs["name"], decision: inputs["decision"] })),
    names: (type) =>
      resources.flatMap((resource) => {
        const name = resource.type === type ? resource.inputs["name"] : undefined;
        return typeof name === "string" ? [name] : [];
      }),
  };
}
