import { isHidden } from "../../access/hidden";
import { snakeCase } from "../../cloudflare/wire-rules";

/** How a provider's property is called in the API, where that is not its name in snake case. */
export type Spelling = Readonly<Record<string, string>>;

/**
 * A value of a state in the API's spelling. Names of a rule's kinds among them; what is encrypted stays so.
 * @param odd names that do not follow from Pulumi's
 * @param own true where the API itself writes camel case, as in a tunnel's configuration
 */
export function wireSpelling(value: unknown, odd: Spelling = {}, own = false): unknown {
  if (isHidden(value)) return value;
  if (Array.isArray(value)) return value.map((each) => wireSpelling(each, odd, own));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      odd[name] ?? (own ? name : snakeCase(name)),
      wireSpelling(inner, odd, own),
    ]),
  );
}
