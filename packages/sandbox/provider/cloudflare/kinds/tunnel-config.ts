import { count, type Fields, flag, listOf, object, text, texts, time } from "../../fields";
import type { ApiKindTable } from "../api-kind";

// The API writes these in camelCase, as cloudflared's own configuration does.
const originRequest: Fields = {
  access: object({
    audTags: texts("audTag", { required: true }),
    required: flag(),
    teamName: text({ required: true, wire: "teamName" }),
  }),
  caPool: text({ wire: "caPool" }),
  connectTimeout: count({ wire: "connectTimeout" }),
  disableChunkedEncoding: flag({ wire: "disableChunkedEncoding" }),
  http2Origin: flag({ wire: "http2Origin" }),
  httpHostHeader: text({ wire: "httpHostHeader" }),
  keepAliveConnections: count({ wire: "keepAliveConnections" }),
  keepAliveTimeout: count({ wire: "keepAliveTimeout" }),
  matchSnItoHost: flag({ wire: "matchSNItoHost" }),
  noHappyEyeballs: flag({ wire: "noHappyEyeballs" }),
  noTlsVerify: flag({ wire: "noTLSVerify" }),
  originServerName: text({ wire: "originServerName" }),
  proxyType: text({ wire: "proxyType" }),
  tcpKeepAlive: count({ wire: "tcpKeepAlive" }),
  tlsTimeout: count({ wire: "tlsTimeout" }),
};

/** The whole ingress list of a tunnel: one object that owns every rule. */
export const tunnelConfig: ApiKindTable = {
  type: "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig",
  collection: "/accounts/{accountId}/cfd_tunnel/{tunnelId}/configurations",
  item: "/accounts/{accountId}/cfd_tunnel/{tunnelId}/configurations",
  create: "put",
  update: "put",
  deletable: false,
  importId: "{accountId}/{tunnelId}",
  warning:
    "destroying this resource sends nothing: the tunnel keeps its ingress rules until somebody replaces them",
  fields: {
    accountId: text({ required: true, replace: true, inPath: true }),
    tunnelId: text({ required: true, replace: true, inPath: true }),
    config: object({
      ingresses: listOf(
        object({
          hostname: text(),
          originRequest: object(originRequest, { wire: "originRequest" }),
          path: text(),
          service: text({ required: true }),
        }),
        { wire: "ingress" },
      ),
      originRequest: object(originRequest, { wire: "originRequest" }),
    }),
    source: text({ setBy: "either", renewed: true }),
    createdAt: time({ renewed: true }),
    version: count({ setBy: "server", renewed: true }),
  },
};
