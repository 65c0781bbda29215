import { hostAt } from "../../access";
import type { Wire } from "../account-api";
import type { AccountSnapshot } from "../account-snapshot";
import { GROUPS } from "../permission-groups";
import { type AccountLook, type Check, type Found, noteBy, STOPS_PREVIEW } from "./check";
import { zoneSeen } from "./zone";

export interface DnsFindings {
  "dns-taken": { name: string; type: string; content: string; id: string };
}

/** The hostnames' records: none, or the stack's own. */
export const dns: Check<DnsFindings, AccountLook> = {
  code: "dns",
  title: "DNS names",
  reads: ["account"],
  config: ["accountId", "zone", "applications"],
  groups: [GROUPS.dns],
  finds: { "dns-taken": STOPS_PREVIEW },
  async run(look) {
    const { account, config, isOurs } = look;
    const zone = await zoneSeen(look);
    if (zone === undefined)
      return { findings: [], summary: "", skipped: `the zone ${config.zone} is not seen` };
    const hostnames = (config.applications ?? []).map(({ hostname }) => hostname);
    const records = await recordsAt(account, String(zone["id"]), hostnames);
    const note = noteBy<DnsFindings>(dns.finds);
    const findings: Found<DnsFindings>[] = [];
    for (const record of records) {
      if (!LEADING.has(String(record["type"])) || (await isOurs("DNS record", record))) continue;
      const index = hostnames.indexOf(hostAt(String(record["name"])));
      const [name = "", type = "", content = "", id = ""] = ["name", "type", "content", "id"].map((field) =>
        String(record[field]),
      );
      const data = { name, type, content, id };
      findings.push(note("dns-taken", `applications[${index}].hostname`, data, { objects: [id] }));
    }
    const own = records.length > 0 && findings.length === 0 ? "ours" : "free";
    return { findings, summary: `${hostnames.join(", ")} ${own}` };
  },
};

/** Types of records beside which no other one can be made. */
const LEADING: ReadonlySet<string> = new Set(["A", "AAAA", "CNAME"]);

/**
 * All records that stand at one of the host names. A few names are asked for one by one; many would be as many requests
 * against the rate limit.
 */
export async function recordsAt(
  account: AccountSnapshot,
  zoneId: string,
  hostnames: readonly string[],
): Promise<Wire[]> {
  const lists =
    hostnames.length <= 3
      ? hostnames.map((hostname) => account.dnsRecords(zoneId, { "name.exact": hostname }))
      : [account.dnsRecords(zoneId)];
  const records = (await Promise.all(lists)).flat();
  return records.filter((record) => hostnames.includes(hostAt(String(record["name"]))));
}
