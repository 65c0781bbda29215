import type { Organization } from "../account/entities";
import type { Store } from "../account/store";
import type { IdentityProviders } from "./identity-provider";
import { TeamKeys } from "./keys";
import type { Sessions } from "./sessions";
import type { EdgeSettings } from "./settings";

/** What the parts of the edge share. */
export interface EdgeCore {
  store: Store;
  settings: EdgeSettings;
  sessions: Sessions;
  /** A team's signing keys; made when first asked for. */
  keysOf(organization: Organization): Promise<TeamKeys>;
}

/** What the team domain needs besides the edge's own. */
export interface TeamCore extends EdgeCore {
  providers: IdentityProviders;
}

/** What every part gets to know of a request. */
export interface EdgeRequest {
  method: string;
  hostname: string;
  /** Path and query. */
  target: string;
  /** The path alone. */
  path: string;
  query: URLSearchParams;
  /** As Node gives them: name, value, name, value. */
  rawHeaders: readonly string[];
  /** The first value of a header, by its name in lower case. */
  header(name: string): string | undefined;
  upgrade: boolean;
  /** Named in the answer, so that it can be found again. */
  rayId: string;
}

/** Makes each team's keys once; `reset` forgets them. */
export function keyRing(store: Store, settings: EdgeSettings) {
  const rings = new Map<string, Promise<TeamKeys>>();
  const times = () => ({ now: store.now(), ...settings });
  return {
    of(organization: Organization): Promise<TeamKeys> {
      const known = rings.get(organization.id);
      if (known !== undefined) return known;
      const made = TeamKeys.create(teamNameOf(organization), times);
      rings.set(organization.id, made);
      return made;
    },
    async rotate(): Promise<void> {
      for (const ring of rings.values()) await (await ring).rotate();
    },
    reset: () => rings.clear(),
  };
}

/** Issuer of the organization's tokens, and origin of its login pages. */
export const teamUrl = ({ authDomain }: Organization): string => `https://${authDomain}`;

/** Whole seconds since 1970, as JWTs count. */
export const seconds = (date: Date): number => Math.floor(date.getTime() / 1000);

const teamNameOf = ({ authDomain }: Organization): string =>
  authDomain.replace(/\.cloudflareaccess\.com$/, "");
