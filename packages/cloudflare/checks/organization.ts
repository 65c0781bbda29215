import { teamIn } from "../../access/team-domain";
import { ApiFailure } from "../api-failure";
import { GROUPS } from "../permission-groups";
import { type AccountLook, type Check, type Found, noteBy, STOPS_PREVIEW, WARNS } from "./check";

export interface OrganizationFindings {
  "zero-trust-off": object;
  /** `domain` is the account's, or empty when it does not say. */
  "team-name": { teamName: string; domain: string };
  /** `said`: whether the account says that it is not strict. */
  "legacy-tokens": { said: boolean };
}

/** Zero Trust: set up, under the team name of the config, and how it treats service tokens. */
export const organization: Check<OrganizationFindings, AccountLook> = {
  code: "organization",
  title: "Zero Trust",
  reads: ["account"],
  config: ["accountId"],
  groups: [GROUPS.organization],
  finds: { "zero-trust-off": STOPS_PREVIEW, "team-name": STOPS_PREVIEW, "legacy-tokens": WARNS },
  async run({ account, config: { teamName } }) {
    const note = noteBy<OrganizationFindings>(organization.finds);
    const found = await account.organization().catch((error: unknown) => {
      if (error instanceof ApiFailure && error.kind === "not set up") return undefined;
      throw error;
    });
    if (found === undefined) return { findings: [note("zero-trust-off", "accountId", {})], summary: "" };
    const findings: Found<OrganizationFindings>[] = [];
    const domain = String(found["auth_domain"] ?? "");
    const team = teamIn(domain);
    if (teamName !== undefined && team.toLowerCase() !== teamName) {
      findings.push(note("team-name", "teamName", { teamName, domain }));
    }
    const strict = found["strict_service_token_auth"];
    if (strict !== true) findings.push(note("legacy-tokens", "organization", { said: strict === false }));
    return { findings, summary: `team ${team}, service tokens ${strict === true ? "strict" : "legacy"}` };
  },
};
