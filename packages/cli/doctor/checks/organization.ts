import { teamIn } from "../../../access/team-domain";
import { ApiFailure } from "../../../cloudflare/api-failure";
import { GROUPS } from "../../../cloudflare/permission-groups";
import type { Check } from "../check";
import { type Finding, finding } from "../findings";

/** Zero Trust: set up, under the team name of the config, and how it treats service tokens. */
export const organization: Check = {
  title: "Zero Trust",
  config: ["accountId"],
  groups: [GROUPS.organization],
  async run({ account, config, stack }) {
    const found = await account?.snapshot.organization().catch((error: unknown) => {
      if (error instanceof ApiFailure && error.kind === "not set up") return undefined;
      throw error;
    });
    if (found === undefined) {
      const mend = `Choose a team name at https://one.dash.cloudflare.com/${config.accountId}`;
      return { findings: [finding("zero-trust-off", "Zero Trust is not set up", mend)], summary: "" };
    }
    const findings: Finding[] = [];
    const domain = String(found["auth_domain"] ?? "");
    const team = teamIn(domain);
    if (config.teamName !== undefined && team.toLowerCase() !== config.teamName) {
      findings.push(
        finding(
          "team-name",
          `teamName is ${config.teamName}, the account's team is ${team || "not said"}`,
          `pulumi config set --stack ${stack} teamName ${team || "<team>"}`,
        ),
      );
    }
    const strict = found["strict_service_token_auth"];
    if (strict !== true) {
      findings.push(
        finding(
          "legacy-tokens",
          strict === false
            ? "service tokens are in legacy mode"
            : "service tokens: the account does not say that it is strict, so it is taken for legacy",
          "Turn on strict service token authentication: send " +
            `{"strict_service_token_auth": true} with PATCH to /accounts/${config.accountId}/access/organizations`,
        ),
      );
    }
    return { findings, summary: `team ${team}, service tokens ${strict === true ? "strict" : "legacy"}` };
  },
};
