import type { NotJudged } from "./situation";

/** What is not judged, in words, e.g. `not judged: allowAuthenticateViaWarp of ZeroTrustAccessApplication comfyui`. */
export function notJudgedWords({ code, kind, name, field }: NotJudged): string {
  const object = `${kind} ${name}`;
  switch (code) {
    case "kind":
      return `not judged: ${object}, of a kind that may decide who gets in`;
    case "unknown field":
      return `not judged: ${field} of ${object}, a field that is not known here`;
    case "rule type":
      return `not judged: ${field} of ${object}, a type of rule that is not known here`;
    case "hidden":
      return `${field} of ${object} cannot be read yet`;
    case "foreign policy":
      return `application ${name} links a policy that is not the stack's own (${field})`;
    case "field":
      return `not judged: ${field} of ${object}`;
  }
}
