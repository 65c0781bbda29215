import { type Fields, fieldsOf, listOf } from "../../../base/json-values";
import { KINDS } from "../../../cloudflare/kinds";
import { compared } from "./kind";

/** An Access application. */
export const application = compared(KINDS.application, {
  subject: "application",
  expected: (wire) => ({ ...wire, policies: links(wire["policies"]), ...addresses(wire) }),
  // A reusable policy is shown whole; what belongs to the application is which ones, and in which order.
  shown: (live) => ({ ...live, policies: links(live["policies"]) }),
});

/** The names that follow from the destinations: the API moves all three together. */
function addresses(wire: Fields): Fields {
  const uris = listOf(wire["destinations"]).flatMap((place) => {
    const { type = "public", uri } = fieldsOf(place);
    return type === "public" && typeof uri === "string" ? [uri] : [];
  });
  return {
    domain: wire["domain"] ?? uris[0],
    self_hosted_domains: wire["self_hosted_domains"] ?? uris,
  };
}

function links(policies: unknown): unknown[] {
  return listOf(policies).map((policy, index) => {
    const { id, precedence = index + 1 } = fieldsOf(policy);
    return { id, precedence };
  });
}
