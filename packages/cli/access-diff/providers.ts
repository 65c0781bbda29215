import { isAddressSetting } from "../../../config/provider-addresses";
import { fieldsOf } from "../../base/json-values";
import { isUnset } from "../../cloudflare/kinds/unset";
import { markOf } from "../../cloudflare/not-judged";
import type { StateResource } from "../../cloudflare/state-resource";
import { bearsOf, byText, type Undecided, withoutHidden } from "./undecided";

const PROVIDER = "pulumi:providers:";

/**
 * Settings by package that send nothing anywhere else: a credential for the vendor's own API, and how it is called.
 * Those that hold an address are compared by where they lead.
 */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  cloudflare: ["apiToken", "apiKey", "apiUserServiceKey", "email", "userAgentOperatorSuffix"],
  gcp: [
    "accessToken",
    "addPulumiAttributionLabel",
    "credentials",
    "defaultLabels",
    "pulumiAttributionLabelAdditionStrategy",
    "region",
    "requestReason",
    "requestTimeout",
    "scopes",
    "zone",
  ],
  "comfyui-access": ["apiToken", "apiKey", "email"],
  random: [],
};

/** What the engine itself keeps, beside the settings or among its own: which release of the package it is. */
const OF_THE_ENGINE = ["id", "urn", "version", "__defaults", "pluginChecksums"];
/** The engine's own place among the settings. */
const INTERNAL = "__internal";

/** Providers of packages that nobody judged, and settings by which a known one may do something else: where they differ. */
export function providerFacts(
  before: readonly StateResource[],
  after: readonly StateResource[],
): Undecided[] {
  const [then, now] = [settingsIn(before), settingsIn(after)];
  const differing = [
    ...[...now].filter(([key]) => !then.has(key)),
    ...[...then].filter(([key]) => !now.has(key)),
  ];
  return byText(differing.map(([, told]) => told));
}

/** By what they are and hold: the engine names the providers of a package by its release. */
function settingsIn(resources: readonly StateResource[]): Map<string, Undecided> {
  const found = new Map<string, Undecided>();
  const add = (code: Undecided["code"], text: string, value: unknown) =>
    found.set(`${text} ${markOf(value)}`, {
      code,
      bears: bearsOf(undefined),
      text,
      detail: markOf(withoutHidden(value)),
    });
  for (const { type, outputs } of resources.filter((each) => each.type.startsWith(PROVIDER))) {
    const name = type.slice(PROVIDER.length);
    const known = KNOWN[name];
    const { [INTERNAL]: internal, ...own } = outputs;
    const settings = Object.entries({ ...own, ...fieldsOf(internal) }).filter(
      ([setting, value]) => !OF_THE_ENGINE.includes(setting) && !isUnset(value),
    );
    if (known === undefined) {
      add(
        "kind",
        `not judged: a provider of package ${name}, which may do anything with what it is given`,
        settings,
      );
      continue;
    }
    for (const [setting, value] of settings) {
      if (known.includes(setting) || isAddressSetting(name, setting)) continue;
      add("unknown field", `not judged: ${setting} of a provider of package ${name}`, value);
    }
  }
  return found;
}
