import { levelMatches } from "../../access";
import type { Wire } from "../../cloudflare/account-api";
import { applicationUris } from "../../cloudflare/application-uris";
import { GROUPS } from "../../cloudflare/permission-groups";
import type { Check } from "../check";
import { type Finding, finding } from "../findings";

/** The hostnames' place in Access: no application but the stack's own. */
export const hostnames: Check = {
  title: "Access applications",
  config: ["accountId", "applications"],
  groups: [GROUPS.apps],
  async run(context) {
    const others = (await context.account?.api.applications()) ?? [];
    const ours = await context.ours();
    const foreign = others.filter((each) => !ours.has(String(each["id"])));
    const names = (context.config.applications ?? []).map(({ hostname }) => hostname);
    return {
      findings: names.flatMap((hostname) => judgeHostname(hostname, foreign, context.stack)),
      summary: `${names.join(", ")} in none of the ${foreign.length} others`,
    };
  },
};

/** Kinds that stand in front of no hostname, whatever their `domain` is. */
const NOT_IN_FRONT = new Set(["bookmark", "app_launcher", "warp", "saas", "dash_sso", "biso"]);

/**
 * Judges other applications by one hostname. The most specific destination decides at Access: a path of the hostname
 * goes before the hostname itself, and that before a wildcard.
 */
function judgeHostname(hostname: string, others: readonly Wire[], stack: string): Finding[] {
  return others
    .filter(({ type }) => !NOT_IN_FRONT.has(String(type)))
    .flatMap((other) => {
      const uris = [...new Set(applicationUris(other).map(normal))].filter((uri) =>
        levelMatches(hostOf(uri), hostname),
      );
      const [worst] = uris.sort((a, b) => rank(a) - rank(b));
      if (worst === undefined) return [];
      const what = `${worst} belongs to the Access application ${JSON.stringify(other["name"])} (${other["id"]})`;
      const id = IDS[rank(worst)] ?? "hostname-wildcard";
      const mend =
        id === "hostname-taken"
          ? `npm run cli -- adopt --stack ${stack}  (or remove it: Zero Trust → Access → Applications)`
          : MENDS[id];
      return [finding(id, what, mend, [String(other["id"])])];
    });
}

const IDS = ["hostname-taken", "hostname-path", "hostname-wildcard"] as const;
const MENDS = {
  "hostname-path": "Take the path out of that application (Zero Trust → Access → Applications).",
  "hostname-wildcard":
    "Leave it, if its policies are as strict; else take the wildcard out of that application.",
};

function normal(uri: string): string {
  const bare = uri.replace(/^https?:\/\//, "").replace(/\/\*?$/, "");
  const slash = bare.indexOf("/");
  return slash < 0 ? bare.toLowerCase() : bare.slice(0, slash).toLowerCase() + bare.slice(slash);
}

const hostOf = (uri: string): string => uri.split("/")[0] ?? "";

/** 0 the hostname itself, 1 a path of it, 2 a wildcard that covers it. */
function rank(uri: string): number {
  if (hostOf(uri).includes("*")) return 2;
  return uri.includes("/") ? 1 : 0;
}
