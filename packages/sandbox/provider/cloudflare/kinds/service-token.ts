import { type CheckFailure, type PropertyMap, topLevel } from "../../../../provider/host";
import { count, flag, text, time } from "../../fields";
import type { ApiKindTable } from "../api-kind";

/**
 * A service token. The secret is shown once, when it is made; a higher `clientSecretVersion` makes a
 * new one, and the old one works until `previousClientSecretExpiresAt`.
 */
export const serviceToken: ApiKindTable = {
  type: "cloudflare:index/zeroTrustAccessServiceToken:ZeroTrustAccessServiceToken",
  collection: "/{scope}/access/service_tokens",
  update: "put",
  importId: "accounts|zones/{scopeId}/{id}",
  fields: {
    accountId: text({ replace: true, inPath: true }),
    zoneId: text({ replace: true, inPath: true }),
    clientSecretVersion: count({ default: 1, unshown: true }),
    duration: text({ default: "8760h" }),
    enabled: flag({ setBy: "either" }),
    name: text({ required: true }),
    previousClientSecretExpiresAt: text({ unshown: true }),
    clientId: text({ setBy: "server" }),
    clientSecret: text({ setBy: "server", secret: true }),
    expiresAt: time({ renewed: true }),
  },
  // The secret is shown this once, so half an answer is none.
  wholeAnswer: true,
  check: bothOrNeither,
  renewedBy: (changes) =>
    changes.some(({ path }) => topLevel(path) === "clientSecretVersion") ? ["clientSecret"] : [],
};

function bothOrNeither(inputs: PropertyMap): CheckFailure[] {
  const pair = ["clientSecretVersion", "previousClientSecretExpiresAt"];
  const missing = pair.filter((name) => (inputs[name] ?? null) === null);
  const [other] = pair.filter((name) => !missing.includes(name));
  if (missing.length !== 1 || missing[0] === undefined) return [];
  return [{ property: missing[0], reason: `is required when ${other} is set: give both or neither` }];
}
