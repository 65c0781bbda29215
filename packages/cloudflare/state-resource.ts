import type { Fields } from "../base/json-values";

/** A resource, as far as the access model needs it. */
export interface StateResource {
  type: string;
  id: string;
  /** Its properties in Pulumi's spelling. */
  outputs: Fields;
  /** Names of those that the program gives; absent where that is not known. */
  given?: ReadonlySet<string>;
}
