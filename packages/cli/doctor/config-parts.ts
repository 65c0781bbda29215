import type { StackConfig } from "../../../config/stack-config";

/** Config keys that have no default: without them there is no whole config. */
export const CONFIG_PARTS = [
  "accountId",
  "zone",
  "teamName",
  "google",
  "tunnel",
  "applications",
] as const satisfies readonly (keyof StackConfig)[];
