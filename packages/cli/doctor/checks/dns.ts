import { ownerComment } from "../../../../components/dns-route";
import { hostAt } from "../../../access";
import type { Wire } from "../../../cloudflare/account-api";
import { GROUPS } from "../../../cloudflare/permission-groups";
import type { Check } from "../check";
import { type Finding, finding } from "../findings";

/** The hostnames' records: none, or the stack's own. */
export const dns: Check = {
  title: "DNS names",
  config: ["accountId", "zone", "applications"],
  groups: [GROUPS.dns],
  async run(context) {
    const { account, config, project, stack } = context;
    const zone = await account?.zone();
    if (account === undefined || zone === undefined) {
      return { findings: [], summary: "", skipped: `the zone ${config.zone} is not seen` };
    }
    const hostnames = (config.applications ?? []).map(({ hostname }) => hostname);
    const lists = await Promise.all(
      hostnames.map((hostname) =>
        account.snapshot.dnsRecords(String(zone["id"]), { "name.exact": hostname }),
      ),
    );
    const ours = await context.ours();
    const comment = ownerComment(project, stack);
    const isOurs = (record: Wire) => ours.has(String(record["id"])) || record["comment"] === comment;
    const findings = judgeRecords(lists.flat(), hostnames, { isOurs, stack });
    const own = lists.flat().length > 0 && findings.length === 0 ? "ours" : "free";
    return { findings, summary: `${hostnames.join(", ")} ${own}` };
  },
};

/** Judges the records of hostnames. */
function judgeRecords(
  records: readonly Wire[],
  hostnames: readonly string[],
  { isOurs, stack }: { isOurs: (record: Wire) => boolean; stack: string },
): Finding[] {
  return records
    .filter((record) => hostnames.includes(hostAt(String(record["name"]))))
    .filter((record) => ["A", "AAAA", "CNAME"].includes(String(record["type"])) && !isOurs(record))
    .map((record) =>
      finding(
        "dns-taken",
        `${record["name"]} has a record that is not this stack's: ${record["type"]} to ${record["content"]}`,
        `npm run cli -- adopt --stack ${stack}  (or delete it in the dashboard: DNS → Records)`,
        [String(record["id"])],
      ),
    );
}
