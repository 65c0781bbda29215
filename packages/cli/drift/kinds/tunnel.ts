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
});
