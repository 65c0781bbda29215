import { GROUPS } from "../../../cloudflare/permission-groups";
import type { Check } from "../check";
import { finding } from "../findings";

/** The zone of the hostnames: there, active, in this account. */
export const zone: Check = {
  title: "Zone",
  config: ["accountId", "zone"],
  groups: [GROUPS.zone],
  blindWithout: `${GROUPS.zone} Read`,
  async run({ account, config, stack }) {
    const name = String(config.zone);
    const found = await account?.zone();
    if (found === undefined) {
      const query = `/zones?name=${encodeURIComponent(name)}`;
      const anywhere = (await account?.snapshot.list(query, "the zones")) ?? [];
      const elsewhere = anywhere.find((each) => each["name"] === name)?.["account"] as
        | { id?: unknown; name?: unknown }
        | undefined;
      const findings =
        elsewhere === undefined
          ? [
              finding(
                "zone-missing",
                `the API token sees no zone ${name}`,
                `Give the token "Zone Read" on ${name}, or: pulumi config set --stack ${stack} zone <zone>`,
              ),
            ]
          : [
              finding(
                "zone-elsewhere",
                `zone ${name} is in another account, ${String(elsewhere.name)} (${String(elsewhere.id)})`,
                `pulumi config set --stack ${stack} accountId ${String(elsewhere.id)}`,
              ),
            ];
      return { findings, summary: "" };
    }
    const status = String(found["status"]);
    const findings =
      status === "active"
        ? []
        : [
            finding(
              "zone-inactive",
              `zone ${name} is ${status}`,
              `Set the name servers that https://dash.cloudflare.com/${config.accountId}/${name} names, and wait.`,
            ),
          ];
    return { findings, summary: `${name}, ${status}` };
  },
};
