import type { Wire } from "../../../cloudflare/account-api";
import { GROUPS } from "../../../cloudflare/permission-groups";
import type { Check } from "../check";
import { type Finding, finding } from "../findings";

/** The identity provider that the config names. */
export const identityProvider: Check = {
  title: "Identity provider",
  config: ["accountId", "google"],
  groups: [GROUPS.organization],
  async run({ account, config, stack }) {
    const id = config.google?.identityProviderId;
    if (id === undefined) return { findings: [], summary: "this stack's own" };
    const found = (await account?.snapshot.identityProviders())?.find((each) => each["id"] === id);
    return {
      findings: judgeProvider(id, found, stack),
      summary: `${found?.["name"]}, of type ${found?.["type"]}`,
    };
  },
};

/** Judges a provider that is to be used as it is. */
function judgeProvider(id: string, found: Wire | undefined, stack: string): Finding[] {
  const mend = `pulumi config set --stack ${stack} --path google.identityProviderId <id of a Google login>`;
  if (found === undefined) {
    return [finding("idp-missing", `there is no identity provider ${id} in the account`, mend)];
  }
  const type = String(found["type"]);
  if (type === "google" || type === "google-apps") return [];
  const what = `the identity provider ${JSON.stringify(found["name"])} is of type ${type}`;
  return [finding("idp-type", what, mend, [id])];
}
