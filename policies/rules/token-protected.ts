import { isStandInName } from "../../config/stand-in";
import { stackOf } from "../resource";
import type { Fault, ResourceRule } from "../rule";

/**
 * Clients keep a token's secret longer than the stack lives, and a token made anew has another one. The engine
 * tells an analyzer about `protect`, which refuses the deletion; `retainOnDelete` is seen in an exported state only.
 */
export const tokenProtected: ResourceRule = {
  name: "token-protected",
  description: "Service tokens of a production stack are protected, and stay when the stack goes.",
  kinds: ["token"],
  limits: {
    stacks: {
      type: "array",
      items: { type: "string" },
      description: "Names of the stacks whose tokens clients rely on.",
      default: ["prod"],
    },
  },
  judge: (resource, { stacks }) => {
    // A stand-in lives for days, while `rotate` replaces a secret that nobody knows.
    if (!stacks?.includes(stackOf(resource)) || isStandInName(resource.name)) return [];
    const findings: Fault[] = [];
    const add = (property: string, found: string) =>
      findings.push({
        resource,
        property,
        found,
        remedy: "Set protectTokens to true in the stack's config.",
      });
    if (!resource.protect)
      add("protect", "is off, so that the token can be deleted with its clients cut off");
    if (resource.retainOnDelete === false) {
      add("retainOnDelete", "is off, so that the token is deleted with the stack");
    }
    return findings;
  },
};
