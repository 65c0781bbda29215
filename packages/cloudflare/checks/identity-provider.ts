import { isGoogleLogin } from "../../access/google-login";
import { GROUPS } from "../permission-groups";
import { type AccountLook, type Check, noteBy, STOPS_PREVIEW } from "./check";

export interface IdentityProviderFindings {
  "idp-missing": { id: string };
  "idp-type": { id: string; name: unknown; type: string };
}

/** The identity provider that the config names. */
export const identityProvider: Check<IdentityProviderFindings, AccountLook> = {
  code: "identity-provider",
  title: "Identity provider",
  reads: ["account"],
  config: ["accountId", "google"],
  groups: [GROUPS.organization],
  finds: { "idp-missing": STOPS_PREVIEW, "idp-type": STOPS_PREVIEW },
  async run({ account, config }) {
    const note = noteBy<IdentityProviderFindings>(identityProvider.finds);
    const providers = await account.identityProviders();
    const id = config.google?.identityProviderId;
    if (id === undefined) return { findings: [], summary: "this stack's own" };
    const where = "google.identityProviderId";
    const found = providers.find((each) => each["id"] === id);
    if (found === undefined) return { findings: [note("idp-missing", where, { id })], summary: "" };
    const type = String(found["type"]);
    const data = { id, name: found["name"], type };
    return {
      findings: isGoogleLogin(type) ? [] : [note("idp-type", where, data, { objects: [id] })],
      summary: `${found["name"]}, of type ${type}`,
    };
  },
};
