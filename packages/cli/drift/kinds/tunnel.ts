import { KINDS } from "../../../cloudflare/kinds";
import { compared } from "./kind";

/** A tunnel that the stack owns. */
export const tunnel = compared(KINDS.tunnel, {
  subject: "tunnel",
  expected: (wire) => ({ ...wire, account_tag: wire["account_id"] }),
  // The two say the same; not every answer has both.
  shown: (live) => ({
    ...live,
    config_src: live["config_src"] ?? (live["remote_config"] === false ? "local" : "cloudflare"),
  }),
  opens: ({ field, after }) =>
    field === "config_src" && after === "local"
      ? "its rules, and with them the check of Access's JWT, come from a file beside cloudflared"
      : undefined,
});
