import { KINDS } from "../../../cloudflare/kinds";
import { compared } from "./kind";

/** A DNS record. */
export const dnsRecord = compared(KINDS.dnsRecord, {
  subject: "DNS record",
  opens: ({ field, after }) =>
    ["content", "type", "data"].includes(field.split(".")[0] ?? "") && after !== undefined
      ? "visitors, and what they send, go somewhere else"
      : undefined,
});
