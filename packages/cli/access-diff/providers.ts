import { isAddressSetting } from "../../../config/provider-addresses";
import { isUnset } from "../../cloudflare/kinds/unset";
import type { StateResource } from "../../cloudflare/state-resource";
import { bearsOf, byText, markOf, type Undecided, withoutHidden } from "./undecided";

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

/** What the engine itself keeps: which release of the package it is. */
const OF_THE_ENGINE = ["id", "urn", "version", "__defaults"];

/** Providers of packages that nobody judged, and settings by which a known one may do something else: where they differ. */
export function providerFacts(
  before: readonly StateResource[],
  after: readonly StateResource[],
): Undecided[] {
  const [then, now] = [settingsIn(before), settingsIn(after)];
  const differing = [...new Set([...then.keys(), ...now.keys()])].filter(
    (key) => then.get(key)?.mark !== now.get(key)?.mark,
  );
  return byText(
    differing.flatMap((key): Undecided[] => {
      const [was, is] = [then.get(key), now.get(key)];
      const told = is ?? was;
      if (told === undefined) return [];
      const detail = `${was?.stated ?? ""} ${is?.stated ?? ""}`;
      return [{ code: told.code, bears: bearsOf(undefined), text: told.text, detail }];
    }),
  );
}

interface Setting extends Pick<Undecided, "code" | "text"> {
  mark: string;
  stated: string;
}

/** By provider and setting. */
function settingsIn(resources: readonly StateResource[]): Map<string, Setting> {
  const found = new Map<string, Setting>();
  for (const { type, id, outputs } of resources.filter((each) => each.type.startsWith(PROVIDER))) {
    const name = type.slice(PROVIDER.length);
    const known = KNOWN[name];
    const add = (setting: string, value: unknown, told: Pick<Undecided, "code" | "text">) =>
      found.set(`${id} ${setting}`, { ...told, mark: markOf(value), stated: markOf(withoutHidden(value)) });
    if (known === undefined) {
      const text = `not judged: a provider of package ${name}, which may do anything with what it is given`;
      add(
        "",
        Object.entries(outputs).filter(([setting]) => !OF_THE_ENGINE.includes(setting)),
        { code: "kind", text },
      );
      continue;
    }
    for (const [setting, value] of Object.entries(outputs)) {
      const isJudged =
        known.includes(setting) || isAddressSetting(name, setting) || OF_THE_ENGINE.includes(setting);
      if (isJudged || isUnset(value)) continue;
      const text = `not judged: ${setting} of a provider of package ${name}`;
      add(setting, value, { code: "unknown field", text });
    }
  }
  return found;
}
