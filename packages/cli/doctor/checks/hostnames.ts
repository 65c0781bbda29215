import { liesOn, placesOf, standsInFront } from "../../../access";
import type { Wire } from "../../../cloudflare/account-api";
import { GROUPS } from "../../../cloudflare/permission-groups";
import type { Check } from "../check";
import { type Finding, finding } from "../findings";

/** The hostnames' place in Access: no application but the stack's own. */
export const hostnames: Check = {
  title: "Access applications",
  config: ["accountId", "applications"],
  groups: [GROUPS.apps],
  async run(context) {
    const others = (await context.account?.snapshot.applications()) ?? [];
    const ours = await context.ours();
    const foreign = others.filter((each) => !ours.has(String(each["id"])));
    const names = (context.config.applications ?? []).map(({ hostname }) => hostname);
    return {
      findings: names.flatMap((hostname) => judgeHostname(hostname, foreign, context.stack)),
      summary: `${names.join(", ")} in none of the ${foreign.length} others`,
    };
  },
};

/**
 * Judges other applications by one hostname. The most specific destination decides at Access: a path of the hostname
 * goes before the hostname itself, and that before a wildcard.
 */
function judgeHostname(hostname: string, others: readonly Wire[], stack: string): Finding[] {
  return others.filter(standsInFront).flatMap((other) => {
    const lying = placesOf(other).flatMap((place) => {
      const how = liesOn(place, hostname);
      return how === undefined ? [] : [{ place, how }];
    });
    const [worst] = lying.sort((a, b) => ORDER.indexOf(a.how) - ORDER.indexOf(b.how));
    if (worst === undefined) return [];
    const what = `${worst.place} belongs to the Access application ${JSON.stringify(other["name"])} (${other["id"]})`;
    const { id, mend } = FINDINGS[worst.how];
    return [finding(id, what, mend(stack), [String(other["id"])])];
  });
}

const ORDER = ["itself", "path", "wildcard"] as const;
const FINDINGS = {
  itself: {
    id: "hostname-taken",
    mend: (stack: string) =>
      `npm run cli -- adopt --stack ${stack}  (or remove it: Zero Trust → Access → Applications)`,
  },
  path: {
    id: "hostname-path",
    mend: () => "Take the path out of that application (Zero Trust → Access → Applications).",
  },
  wildcard: {
    id: "hostname-wildcard",
    mend: () => "Leave it, if its policies are as strict; else take the wildcard out of that application.",
  },
} as const;
