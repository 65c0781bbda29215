import { liesOn, placesOf, standsInFront } from "../../access";
import type { Wire } from "../account-api";
import { GROUPS } from "../permission-groups";
import { type AccountLook, BREAKS, type Check, type Found, noteBy, STOPS_PREVIEW, WARNS } from "./check";

/** An application of somebody else's, and where it stands of the host name. */
interface Lying {
  hostname: string;
  place: string;
  application: { name: unknown; id: string };
}

export interface HostnameFindings {
  "hostname-taken": Lying;
  "hostname-path": Lying;
  "hostname-wildcard": Lying;
}

/** The hostnames' place in Access: no application but the stack's own. */
export const hostnames: Check<HostnameFindings, AccountLook> = {
  code: "hostnames",
  title: "Access applications",
  reads: ["account"],
  config: ["accountId", "applications"],
  groups: [GROUPS.apps],
  finds: {
    "hostname-taken": STOPS_PREVIEW,
    // There other policies decide than the stack's.
    "hostname-path": BREAKS,
    "hostname-wildcard": WARNS,
  },
  async run({ account, config, isOurs }) {
    const all = await account.applications();
    const ours = await Promise.all(all.map((each) => isOurs("application", each)));
    const others = all.filter((_, index) => !ours[index]);
    const names = (config.applications ?? []).map(({ hostname }) => hostname);
    return {
      findings: names.flatMap((hostname, index) =>
        judgeHostname(hostname, `applications[${index}].hostname`, others),
      ),
      summary: `${names.join(", ")} in none of the ${others.length} others`,
    };
  },
};

/**
 * Judges other applications by one hostname. The most specific destination decides at Access: a path of the hostname
 * goes before the hostname itself, and that before a wildcard.
 */
function judgeHostname(hostname: string, where: string, others: readonly Wire[]): Found<HostnameFindings>[] {
  const note = noteBy<HostnameFindings>(hostnames.finds);
  return others.filter(standsInFront).flatMap((other) => {
    const lying = placesOf(other).flatMap((place) => {
      const how = liesOn(place, hostname);
      return how === undefined ? [] : [{ place, how }];
    });
    const [worst] = lying.sort((a, b) => ORDER.indexOf(a.how) - ORDER.indexOf(b.how));
    if (worst === undefined) return [];
    const id = String(other["id"]);
    const data = { hostname, place: worst.place, application: { name: other["name"], id } };
    return [note(CODES[worst.how], where, data, { objects: [id] })];
  });
}

const ORDER = ["itself", "path", "wildcard"] as const;
const CODES = { itself: "hostname-taken", path: "hostname-path", wildcard: "hostname-wildcard" } as const;
