import { ConfigError, type ParseContext, parseConfig, type StackConfig } from "../../../config/stack-config";
import type { Problem } from "../../base/problems";

/** What can be used of a stack's config, and what is wrong with the rest. */
export interface UsableConfig {
  /** Without the keys that are not valid. */
  config: Partial<StackConfig>;
  problems: readonly Problem[];
}

const NIL = "00000000-0000-0000-0000-000000000000";

/** Stand in for required keys that are not valid while the others are read; never handed on. */
const STAND_INS: Readonly<Record<string, unknown>> = {
  accountId: "0".repeat(32),
  zone: "zone.invalid",
  teamName: "invalid",
  google: { identityProviderId: NIL },
  tunnel: { id: NIL },
  applications: [{ name: "invalid", allow: { emails: ["nobody@zone.invalid"] } }],
};

/** Judges a config as the program does, and keeps of one that is not valid what is. */
export function usableConfig(raw: Readonly<Record<string, unknown>>, context: ParseContext): UsableConfig {
  const dropped = new Set<string>();
  let problems: readonly Problem[] | undefined;
  let rest = { ...raw };
  // Each round drops at least one key, so there are never more rounds than keys.
  for (let round = 0; round <= Object.keys(raw).length + Object.keys(STAND_INS).length; round++) {
    try {
      const config: Partial<StackConfig> = parseConfig(rest, context);
      for (const key of dropped) delete config[key as keyof StackConfig];
      return { config, problems: problems ?? [] };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems ??= error.problems;
      for (const { path } of error.problems) dropped.add(path.split(/[.[]/)[0] ?? path);
      rest = without(raw, dropped);
    }
  }
  return { config: {}, problems: problems ?? [] };
}

function without(raw: Readonly<Record<string, unknown>>, dropped: ReadonlySet<string>) {
  const keyOf = (path: string) => path.split(/[.[]/)[0] ?? path;
  const kept = Object.entries(raw).filter(([path]) => !dropped.has(keyOf(path)));
  const standIns = [...dropped].filter((key) => Object.hasOwn(STAND_INS, key));
  return Object.fromEntries([...kept, ...standIns.map((key) => [key, standIn(key, kept)])]);
}

function standIn(key: string, kept: readonly (readonly [string, unknown])[]): unknown {
  if (key !== "zone") return STAND_INS[key];
  // One that the hostnames are in, so that they need not be dropped for it.
  const applications = kept.find(([path]) => path === "applications")?.[1];
  const hostname = (Array.isArray(applications) ? applications : [])
    .map((each) => (each as { hostname?: unknown } | null)?.hostname)
    .find((each) => typeof each === "string");
  return typeof hostname === "string" && hostname.split(".").length > 2
    ? hostname.slice(hostname.indexOf(".") + 1)
    : STAND_INS[key];
}
