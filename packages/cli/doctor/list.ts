import type { AccountLook, AnyCheck } from "../../cloudflare/checks/check";
import { dns } from "../../cloudflare/checks/dns";
import { hostnames } from "../../cloudflare/checks/hostnames";
import { identityProvider } from "../../cloudflare/checks/identity-provider";
import { organization } from "../../cloudflare/checks/organization";
import { tunnel } from "../../cloudflare/checks/tunnel";
import { zone } from "../../cloudflare/checks/zone";
import { apiToken } from "./checks/api-token";
import { config } from "./checks/config";
import { google } from "./checks/google";
import { leftovers } from "./checks/leftovers";
import { comfyui, webApps } from "./checks/origins";
import { permissions } from "./checks/permissions";
import { room } from "./checks/room";
import { expiry, leaks } from "./checks/secrets";
import { tunnelRules } from "./checks/tunnel-rules";
import type { Context } from "./context";

/** These say what the others can be told at all, one after the other. */
export const FIRST: readonly AnyCheck<Context>[] = [config, apiToken, permissions, ofAccount(organization)];

/** At once, after them. */
export const THEN: readonly AnyCheck<Context>[] = [
  ofAccount(zone),
  ofAccount(dns),
  ofAccount(hostnames),
  ofAccount(identityProvider),
  room,
  ofAccount(tunnel),
  tunnelRules,
  google,
  comfyui,
  webApps,
  expiry,
  leaks,
];

/** Last: what another finding names already is not left over as well. */
export const LAST: readonly AnyCheck<Context>[] = [leftovers];

/**
 * Everything that is looked at. A preview goes through PREVIEW_CHECKS, with words of its own: those of this list that only
 * read the account, and what doctor makes within permissions and tunnel-rules. They stand in a room that the program may
 * import.
 */
export const CHECKS: readonly AnyCheck<Context>[] = [...FIRST, ...THEN, ...LAST];

/** A check that a preview makes too, as doctor makes it: with the state, which says for certain what is the stack's. */
function ofAccount(check: AnyCheck<AccountLook>): AnyCheck<Context> {
  const { concerns: _, ...same } = check;
  return {
    ...same,
    async run({ account, config: of, isOurs }) {
      if (account === undefined) return { findings: [], summary: "" };
      return check.run({ config: of, account: account.snapshot, isOurs });
    },
  };
}
