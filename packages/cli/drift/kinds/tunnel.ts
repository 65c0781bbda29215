import { fieldsOf } from "../../../base/json-values";
import { TYPES } from "../../../cloudflare/kinds";
import { wireSpelling } from "../spelling";
import { ID, type Kind, TIMES } from "./kind";

const BY_ITSELF = "comes and goes with the connectors";

/**
 * A tunnel that the stack owns.
 * @see https://developers.cloudflare.com/api/resources/zero_trust/subresources/tunnels/subresources/cloudflared/
 */
export const tunnel: Kind = {
  subject: "tunnel",
  type: TYPES.tunnel,
  path: (account, { id }) => account.below(`cfd_tunnel/${id}`),
  expected: (properties) => {
    const wire = fieldsOf(wireSpelling(properties));
    return { ...wire, account_tag: wire["account_id"], tun_type: "cfd_tunnel" };
  },
  // The two say the same; not every answer has both.
  shown: (live) => ({
    ...live,
    config_src: live["config_src"] ?? (live["remote_config"] === false ? "local" : "cloudflare"),
  }),
  fields: {
    name: {},
    config_src: { default: "local" },
    tun_type: { default: "cfd_tunnel" },
    account_tag: {},
  },
  bookkeeping: {
    id: ID,
    remote_config: "says the same as config_src",
    status: BY_ITSELF,
    connections: BY_ITSELF,
    conns_active_at: BY_ITSELF,
    conns_inactive_at: BY_ITSELF,
    metadata: BY_ITSELF,
    created_at: TIMES,
    deleted_at: "a tunnel with this time is reported as deleted",
  },
  withheld: { tunnel_secret: "the API never shows it; only its connector token, to a token that may edit" },
  opens: ({ field, after }) =>
    field === "config_src" && after === "local"
      ? "its rules, and with them the check of Access's JWT, come from a file beside cloudflared"
      : undefined,
};
