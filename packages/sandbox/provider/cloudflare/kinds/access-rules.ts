import { count, type Field, type Fields, flag, listOf, object, text, texts } from "../../fields";

const ref = (wire?: string): Fields => ({ id: text({ required: true, wire }) });
const ofProvider = (fields: Fields): Fields => ({ ...fields, identityProviderId: text({ required: true }) });
const needed = text({ required: true });

/**
 * The rule of an Access policy: an object with one property, which names the kind of rule.
 * @see https://developers.cloudflare.com/cloudflare-one/access-controls/policies/#selectors
 */
const accessRule: Field = object({
  anyValidServiceToken: object({}),
  authContext: object(ofProvider({ acId: needed, id: needed })),
  authMethod: object({ authMethod: needed }),
  azureAd: object(ofProvider({ id: needed }), { wire: "azureAD" }),
  certificate: object({}),
  cloudflareAccountMember: object({ accountId: text() }),
  commonName: object({ commonName: needed }),
  devicePosture: object({ accountId: text(), integrationUid: needed }),
  email: object({ email: needed }),
  emailDomain: object({ domain: needed }),
  emailList: object(ref()),
  everyone: object({}),
  externalEvaluation: object({ evaluateUrl: needed, keysUrl: needed }),
  geo: object({ countryCode: needed }),
  githubOrganization: object(ofProvider({ name: needed, team: text() }), { wire: "github-organization" }),
  group: object(ref()),
  gsuite: object(ofProvider({ email: needed })),
  ip: object({ ip: needed }),
  ipList: object(ref()),
  linkedAppToken: object({ appUid: needed }),
  loginMethod: object(ref()),
  oidc: object(ofProvider({ claimName: needed, claimValue: needed })),
  okta: object(ofProvider({ name: needed })),
  saml: object(ofProvider({ attributeName: needed, attributeValue: needed })),
  serviceToken: object({ tokenId: needed }),
  userRiskScore: object({ userRiskScores: texts("user_risk_score", { required: true }) }),
});

export const mfaConfig: Field = object({
  allowedAuthenticators: texts(),
  mfaDisabled: flag(),
  sessionDuration: text(),
});

export const approvalGroup: Field = object({
  approvalsNeeded: count({ required: true }),
  emailAddresses: texts(),
  emailListUuid: text(),
});

export const connectionRules: Field = object({
  rdp: object({
    allowedClipboardLocalToRemoteFormats: texts(),
    allowedClipboardRemoteToLocalFormats: texts(),
  }),
});

export const rules = (wire: string): Field => listOf(accessRule, { wire });
