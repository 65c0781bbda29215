import { type Declared, declaration } from "../../../components/declaration";
import type { StackConfig } from "../../../config/stack-config";
import { type Kind, newId } from "./types";

/** Ids and audience of what exists already and is taken; what is left out is going to be made. */
export interface KnownIds {
  zoneId: string;
  /** By name in the program. */
  applications: Readonly<Record<string, { id: string; aud: string } | undefined>>;
  policies: Readonly<Record<string, string | undefined>>;
  tokens: Readonly<Record<string, string | undefined>>;
  identityProvider?: string;
  /** The stack's own tunnel. */
  tunnel?: string;
}

/** What stands for a secret of the config: its value has no business in a plan. */
export const SECRET = "(secret of the config)";

/** An object of the account that the program declares. */
export type DeclaredObject = Declared & { kind: Kind };

/** Left out of a table: what is no object of the account, or comes with one that is there. */
const COMPANIONS: ReadonlySet<Declared["kind"]> = new Set([
  ...(["component", "tunnel secret", "secret store"] as const),
  ...(["stored secret", "secret version", "secret reader"] as const),
]);

const isObject = (declared: Declared): declared is DeclaredObject => !COMPANIONS.has(declared.kind);

/** What the program declares in Cloudflare for a config, in its own order, under the ids that are known. */
export function declaredResources(
  config: StackConfig,
  project: string,
  stack: string,
  ids: KnownIds,
): DeclaredObject[] {
  const idOf = (kind: Declared["kind"], name: string): string => {
    const taken: Partial<Record<Declared["kind"], string>> = {
      application: ids.applications[name]?.id,
      policy: ids.policies[name],
      "service token": ids.tokens[name],
      "identity provider": ids.identityProvider,
      tunnel: ids.tunnel,
    };
    return taken[kind] ?? newId(kind, name);
  };
  const audOf = (name: string) => ids.applications[name]?.aud ?? newId("application", name);
  const { zoneId } = ids;
  const known = { project, stack, zoneId, idOf, audOf, secretOf: () => SECRET };
  return declaration(config, known).filter(isObject);
}
