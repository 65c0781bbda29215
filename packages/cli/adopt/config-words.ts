import { isFields } from "../../base/json-values";
import { isUnset } from "../../cloudflare/kinds/unset";
import { inner } from "./wire";

type Fields = Readonly<Record<string, unknown>>;

/**
 * Where the config says what a stop may be about; of an application's, without its place. What the stack file leaves
 * out of these is taken from the account.
 */
const SAID = {
  "google.identityProviderId": (all) => all["google"],
  teamName: (all) => all["teamName"],
  "alerts.emails": (all) => inner(all, "alerts")["emails"],
  serviceTokens: (all, application) => application["serviceTokens"] ?? all["serviceTokens"],
  allow: (_, application) => application["allow"],
  service: (_, application) => application["service"],
  sessionDuration: (_, application) => application["sessionDuration"],
} as const satisfies Record<string, (all: Fields, application: Fields) => unknown>;

/** A key of the config that can say what the account has. */
export type ConfigWord = keyof typeof SAID;

/** Whether the stack file says something under a word. */
export type IsSaid = (word: ConfigWord) => boolean;

/** @param placed the stack file's config @param index of the application that is spoken of */
export function saidIn(placed: Fields, index?: number): IsSaid {
  const list = Array.isArray(placed["applications"]) ? placed["applications"] : [];
  const application: unknown = index === undefined ? {} : list[index];
  return (word) => {
    const found: unknown = SAID[word](placed, isFields(application) ? application : {});
    // An empty list of tokens says that there are none.
    return Array.isArray(found) || !isUnset(found);
  };
}
