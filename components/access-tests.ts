import type { StackConfig } from "../config/stack-config";
import { acceptedTokens } from "../config/stand-in";
import { judgeAccessTests } from "../packages/access/tests/judge";
import { type Problem, ProblemsError } from "../packages/base/problems";
import {
  type AccessState,
  accessStateOf,
  type StateResource,
  TYPES,
} from "../packages/cloudflare/access-state";
import { accessApplication, applicationPolicies } from "./access-application";
import { googleEmailPolicy, serviceTokenPolicy } from "./access-policy";
import { dnsRoute } from "./dns-route";
import { GOOGLE_LOGIN } from "./google-identity-provider";
import { ownedRule } from "./tunnel-ingress";

/** What of the config decides who gets in. */
type Planned = Pick<
  StackConfig<unknown>,
  "accountId" | "teamName" | "google" | "applications" | "serviceTokens" | "accessTests"
>;

/**
 * Judges the stack's access tests on what the program is about to declare.
 * @throws {ProblemsError} with one problem for each test that fails.
 */
export function judgePlan(config: Planned): void {
  if (config.accessTests.length === 0) return;
  const results = judgeAccessTests(plannedAccess(config), config.accessTests, new Date());
  const problems = results.flatMap(
    ({ path, who, place, expected, got, by, passed, remedy = "" }): Problem[] => {
      if (passed) return [];
      const found = `${who} at ${place}: expected ${expected}, got ${got}${by === undefined ? "" : ` (${by})`}`;
      return [{ path, found, remedy }];
    },
  );
  if (problems.length > 0) throw new ProblemsError("what the access tests expect", problems);
}

/**
 * Who will get in: the components' own inputs, with names in place of the ids that only Cloudflare gives, read
 * as a state is read.
 */
export function plannedAccess(config: Omit<Planned, "accessTests">): AccessState {
  const { accountId, teamName, google } = config;
  const identityProviderId = google.identityProviderId ?? GOOGLE_LOGIN.name;
  return accessStateOf([
    { type: TYPES.identityProvider, id: identityProviderId, outputs: GOOGLE_LOGIN },
    ...config.serviceTokens.map(({ name, duration }) => {
      return { type: TYPES.token, id: name, outputs: { name, duration } };
    }),
    ...config.applications.flatMap(({ name, hostname, allow, sessionDuration, serviceTokens }) => {
      const tokenIds = acceptedTokens({ serviceTokens }, config.serviceTokens).map((token) => token.name);
      const args = { accountId, hostname, identityProviderId, allow, tokenIds, sessionDuration };
      return applicationResources(name, args);
    }),
    {
      type: TYPES.ownIngress,
      id: "",
      outputs: {
        tunnelId: TUNNEL,
        config: {
          ingresses: config.applications.map(({ name, hostname, service }) =>
            ownedRule({ hostname, service, aud: name }, teamName),
          ),
        },
      },
    },
    ...config.applications.map(({ hostname }) => {
      const outputs = dnsRoute({ zoneId: "", hostname, comment: "" }, `${TUNNEL}.cfargotunnel.com`);
      return { type: TYPES.dnsRecord, id: hostname, outputs };
    }),
  ]);
}

/** Stands for the tunnel's id, which the tests do not depend on. */
const TUNNEL = "tunnel";

function applicationResources(
  name: string,
  args: Parameters<typeof applicationPolicies>[1],
): StateResource[] {
  const policies = applicationPolicies(name, args).map((policy) => ({
    type: TYPES.policy,
    id: policy.name,
    outputs:
      policy.people === undefined
        ? serviceTokenPolicy(policy.name, policy.tokens)
        : googleEmailPolicy(policy.name, policy.people),
  }));
  const outputs = { ...accessApplication(name, args, policies), aud: name };
  return [...policies, { type: TYPES.application, id: name, outputs }];
}
