import { KINDS } from "../../../cloudflare/kinds";
import { compared } from "./kind";

/** A DNS record. */
export const dnsRecord = compared(KINDS.dnsRecord, {
  subject: "DNS record",
  opens: ({ path, after }) =>
    ["content", "type", "data"].includes(path[0] ?? "") && after !== undefined
      ? "visitors, and what they send, go somewhere else"
      : undefined,
});
