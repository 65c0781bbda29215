import { isPathPattern } from "../../access/path-pattern";
import {
  bookkeeping,
  DELIVERS,
  type Field,
  type Fields,
  GIVEN,
  given,
  judged,
  type Kind,
  known,
  TIMES,
  unjudged,
} from "./field";
import { given as nowGiven, opening, turnedOn } from "./opens";
import { TYPES } from "./types";

/** How the connector connects; the same server answers. */
const connection = (value: unknown): Field => ({ ...DELIVERS, default: value });

/** With another server name, Host or proxy another server may answer. */
const server = (value: unknown, more: Partial<Field> = {}): Field => ({
  ...unjudged("routes"),
  default: value,
  ...more,
});

/**
 * Of a tunnel rule, and of a whole tunnel: how the connector reaches the service. What cloudflared takes where neither
 * says it is its own default.
 * @see https://github.com/cloudflare/cloudflared/blob/2026.8.2/ingress/config.go
 */
export const ORIGIN_REQUEST: Fields = {
  access: judged("access", {
    required: judged("access"),
    teamName: opening(judged("access"), nowGiven, "the connector lets in who has a JWT of another team"),
    audTags: opening(
      { ...judged("access"), api: "audTag" },
      nowGiven,
      "the connector lets in who has a JWT of another application",
    ),
  }),
  caPool: server(""),
  httpHostHeader: server(""),
  matchSnItoHost: server(false, { api: "matchSNItoHost" }),
  noTlsVerify: opening(
    server(false, { api: "noTLSVerify" }),
    turnedOn,
    "the connector takes anybody's certificate for the origin's",
  ),
  originServerName: server(""),
  proxyType: server(""),
  connectTimeout: connection(30),
  disableChunkedEncoding: connection(false),
  http2Origin: connection(false),
  keepAliveConnections: connection(100),
  keepAliveTimeout: connection(90),
  noHappyEyeballs: connection(false),
  tcpKeepAlive: connection(30),
  tlsTimeout: connection(10),
};

/** The same in the API's spelling, in which the rules of a shared tunnel are; with what only older connectors know. */
export const WIRE_ORIGIN_REQUEST: Fields = {
  ...inApiNames(ORIGIN_REQUEST),
  bastionMode: server(false),
  ipRules: server([]),
  proxyAddress: server("127.0.0.1"),
  proxyPort: server(0),
};

/** The same fields by the API's names, where it spells them in camel case too. */
function inApiNames(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, { api, ...field }]) => [
      api ?? name,
      field.fields === undefined || field.fields === "rules"
        ? field
        : { ...field, fields: inApiNames(field.fields) },
    ]),
  );
}

const RULE: Fields = {
  hostname: judged("routes"),
  service: { ...judged("routes"), readHidden: true },
  // One that cloudflared does not take leaves the rules of before in force.
  path: { decides: "routes", judged: isPathPattern },
};

/** A rule in the API's spelling. */
export const INGRESS_RULE: Fields = {
  ...RULE,
  originRequest: { ...judged("routes", WIRE_ORIGIN_REQUEST), readHidden: true },
};

const CONFIGURATIONS = "/accounts/{accountId}/cfd_tunnel/{tunnelId}/configurations";

/** @see https://developers.cloudflare.com/api/resources/zero_trust/subresources/tunnels/subresources/cloudflared/subresources/configurations/ */
export const ownIngress = {
  types: [TYPES.ownIngress, "cloudflare:index/tunnelConfig:TunnelConfig"],
  path: CONFIGURATIONS,
  writtenAt: "created_at",
  fields: {
    ...given("accountId"),
    tunnelId: { ...judged("routes"), bookkeeping: GIVEN, readHidden: true },
    ...bookkeeping("counts every write, also one that changes nothing", "version"),
    ...bookkeeping(TIMES, "createdAt"),
    // One that is kept on the connector's machine is none of the account's to read.
    source: { ...unjudged("routes", "cloudflare"), default: "cloudflare" },
    config: {
      ...known(
        judged("routes", {
          ingresses: {
            ...judged("routes", {
              ...RULE,
              originRequest: { ...judged("routes", ORIGIN_REQUEST), readHidden: true },
            }),
            api: "ingress",
          },
          originRequest: unjudged("routes"),
        }),
      ),
      camelCase: true,
    },
  },
  onlyInApi: {},
} as const satisfies Kind;

/** The rules of a stack in the list of a tunnel that others use too: the project's own kind. */
export const sharedIngress = {
  types: [TYPES.sharedIngress],
  path: CONFIGURATIONS,
  writtenAt: "created_at",
  fields: {
    ...given("accountId"),
    ...bookkeeping("what its own provider keeps of the last write", "configuration", "version"),
    tunnelId: { ...judged("routes"), readHidden: true },
    rules: known(judged("routes", INGRESS_RULE)),
  },
  onlyInApi: {},
} as const satisfies Kind;
