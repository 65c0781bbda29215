import { fieldsOf } from "../../base/json-values";
import type { Wire } from "../account-api";
import { ApiFailure } from "../api-failure";
import { GROUPS } from "../permission-groups";
import { type AccountLook, type Check, noteBy, STOPS_PREVIEW } from "./check";

export interface ZoneFindings {
  "zone-missing": { zone: string; accountId: string };
  "zone-elsewhere": { zone: string; account: { id: string; name: string } };
  "zone-inactive": { zone: string; status: string };
}

/** The zone of the hostnames: there, active, in this account. */
export const zone: Check<ZoneFindings, AccountLook> = {
  code: "zone",
  title: "Zone",
  reads: ["account"],
  config: ["accountId", "zone"],
  groups: [GROUPS.zone],
  blindWithout: `${GROUPS.zone} Read`,
  finds: { "zone-missing": STOPS_PREVIEW, "zone-elsewhere": STOPS_PREVIEW, "zone-inactive": STOPS_PREVIEW },
  async run({ account, config }) {
    const note = noteBy<ZoneFindings>(zone.finds);
    const name = String(config.zone);
    const found = await account.zone(name);
    if (found === undefined) {
      const anywhere = await account.list(`/zones?name=${encodeURIComponent(name)}`, "the zones");
      const elsewhere = fieldsOf(anywhere.find((each) => each["name"] === name)?.["account"]);
      const finding =
        elsewhere["id"] === undefined
          ? note("zone-missing", "zone", { zone: name, accountId: account.accountId })
          : note("zone-elsewhere", "zone", {
              zone: name,
              account: { id: String(elsewhere["id"]), name: String(elsewhere["name"]) },
            });
      return { findings: [finding], summary: "" };
    }
    const status = String(found["status"]);
    const findings = status === "active" ? [] : [note("zone-inactive", "zone", { zone: name, status })];
    return { findings, summary: `${name}, ${status}` };
  },
};

/** The zone, for what lies in it; that it cannot be read is what the look at the zone itself says. */
export async function zoneSeen({ account, config }: AccountLook): Promise<Wire | undefined> {
  return account.zone(String(config.zone)).catch((error: unknown) => {
    if (error instanceof ApiFailure) return undefined;
    throw error;
  });
}
