import { UserError } from "../../base/errors";
import { TYPES } from "../../cloudflare/kinds/types";
import {
  type CheckFailure,
  type CheckRequest,
  type CreateRequest,
  changesBetween,
  type DeleteRequest,
  type DiffRequest,
  hasUnknown,
  isMap,
  PartialFailure,
  type PropertyMap,
  type PropertyValue,
  type ProviderImpl,
  type ReadRequest,
  reveal,
  sameValue,
  topLevel,
  type UpdateRequest,
  unwrap,
} from "../host";
import { conflictText, idOf } from "./conflict";
import { type Json, keyOf, keyText, mergeRules, ownedRules, type Rule } from "./merge";
import { checkRules } from "./rules";
import type { ApiAccess, TunnelApi, TunnelRef } from "./tunnel-api";
import { UncertainWrite, writeRules } from "./write";

/** What the engine is told of this provider; it follows the package's own version. */
const VERSION = "0.1.0";

const INPUTS = ["accountId", "tunnelId", "rules"];
// The stack's own config has the provider's name for a namespace, so the engine hands over all of it.
const CONFIG = ["apiToken", "baseUrl", "version", "pluginDownloadURL"];

/**
 * The provider of `TunnelIngress`: our rules in the list of a tunnel that others use too. The API knows
 * only the whole list, so each change reads it, puts our rules in, writes it and reads it back.
 * @param open connects to the API; called when it is needed for the first time
 * @param access where the API is; what the provider's config says goes before it
 */
export function tunnelIngressProvider(
  open: (access: ApiAccess) => TunnelApi,
  access: ApiAccess = {},
): ProviderImpl {
  let configured = access;
  let api: TunnelApi | undefined;
  const connect = (): TunnelApi => {
    api ??= open(configured);
    return api;
  };

  return {
    version: VERSION,

    getSchema: () => JSON.stringify(SCHEMA),

    async checkConfig(inputs) {
      const kept = Object.entries(inputs).filter(([name]) => CONFIG.includes(name));
      return { inputs: Object.fromEntries(kept) };
    },

    async configure({ args }) {
      configured = {
        apiToken: textOf(args["apiToken"]) ?? access.apiToken,
        baseUrl: textOf(args["baseUrl"]) ?? access.baseUrl,
      };
      api = undefined;
    },

    async check(request: CheckRequest) {
      const { inputs } = request;
      const failures = [...nameFailures(inputs), ...checkRules(inputs["rules"])];
      if (failures.length === 0 && isChanged(request))
        failures.push(...(await liveFailures(connect(), request)));
      return { inputs, failures };
    },

    async diff({ state, inputs }: DiffRequest) {
      const changes = changesBetween(settable(state), settable(inputs));
      return {
        changes: changes.map((change) => ({ ...change, replace: topLevel(change.path) !== "rules" })),
      };
    },

    async create({ inputs, preview }: CreateRequest) {
      if (preview) return { id: "", state: inputs };
      const tunnel = tunnelOf(inputs);
      const id = idOf(tunnel);
      const ownCatchAll = await orPartial(id, inputs, inputs, () =>
        writeRules(connect(), { tunnel, owned: [], desired: rulesOf(inputs) }),
      );
      return { id, state: { ...inputs, ...(ownCatchAll && { ownCatchAll }) } };
    },

    async read({ id, state, inputs }: ReadRequest) {
      const known = Object.keys(state).length > 0 ? state : fromImportId(id);
      const tunnel = tunnelOf(known);
      const live = await connect().read(tunnel);
      if (live === undefined) return undefined;
      const owned = rulesOf(known);
      const rules = ownedRules(live.rules, owned);
      if (Object.keys(state).length === 0 && rules.length < owned.length) return undefined;
      const found: PropertyMap = { ...tunnel, rules: asProperty(rules) };
      // Where nothing changed, the values keep their secret marks.
      const unchanged = sameValue(found["rules"], known["rules"]);
      const read = { ...found, ...(unchanged && { rules: known["rules"] ?? [] }) };
      return {
        id: idOf(tunnel),
        state: { ...read, ...(state["ownCatchAll"] === true && { ownCatchAll: true }) },
        inputs: Object.keys(inputs).length > 0 && unchanged ? inputs : read,
      };
    },

    async update({ state, inputs, preview }: UpdateRequest) {
      const had = state["ownCatchAll"] === true;
      if (preview) return { ...inputs, ...(had && { ownCatchAll: true }) };
      const tunnel = tunnelOf(inputs);
      const owned = rulesOf(state);
      const partial = {
        ...inputs,
        rules: asProperty(union(rulesOf(state), rulesOf(inputs))),
      };
      const ownCatchAll = await orPartial(idOf(tunnel), inputs, partial, () =>
        writeRules(connect(), { tunnel, owned, desired: rulesOf(inputs), ownCatchAll: had }),
      );
      return { ...inputs, ...(ownCatchAll && { ownCatchAll }) };
    },

    async delete({ state }: DeleteRequest) {
      const owned = rulesOf(state);
      const ownCatchAll = state["ownCatchAll"] === true;
      await writeRules(connect(), { tunnel: tunnelOf(state), owned, desired: [], ownCatchAll });
    },
  };
}

/**
 * Asks the API, also in a preview, whether the rules can be put in; where an id is still unknown it
 * cannot ask. No property is named in an answer, since the engine would print its whole value beside it.
 */
async function liveFailures(api: TunnelApi, { inputs, oldInputs }: CheckRequest): Promise<CheckFailure[]> {
  if (hasUnknown(inputs["accountId"] ?? null) || hasUnknown(inputs["tunnelId"] ?? null)) return [];
  const tunnel = tunnelOf(inputs);
  try {
    await api.check(tunnel);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [{ property: "", reason: error.message }];
  }
  const live = await api.read(tunnel);
  const owned = oldInputs && sameTunnel(oldInputs, inputs) ? knownRules(oldInputs["rules"]) : [];
  return mergeRules(live?.rules ?? [], owned, knownRules(inputs["rules"])).conflicts.map((conflict) => ({
    property: "",
    reason: conflictText(tunnel, conflict),
  }));
}

// Stands for the parts of a rule that a preview does not know yet. They come from objects still to be
// made, so no rule on the tunnel can hold them already.
const UNKNOWN_PART = "(known after up)";

/** Failures after the first write leave rules behind: the engine has to keep them in state. */
async function orPartial<T>(
  id: string,
  inputs: PropertyMap,
  state: PropertyMap,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof UncertainWrite)) throw error;
    const kept = { ...state, ...(error.ownCatchAll && { ownCatchAll: true }) };
    throw new PartialFailure(id, kept, inputs, error.message);
  }
}

function isChanged({ inputs, oldInputs }: CheckRequest): boolean {
  return oldInputs === undefined || INPUTS.some((name) => !sameValue(oldInputs[name], inputs[name]));
}

function sameTunnel(a: PropertyMap, b: PropertyMap): boolean {
  return ["accountId", "tunnelId"].every((name) => sameValue(a[name], b[name]));
}

function nameFailures(inputs: PropertyMap): CheckFailure[] {
  const strangers = Object.keys(inputs)
    .filter((name) => !INPUTS.includes(name))
    .map((name) => ({
      property: name,
      reason: `there is no input "${name}"; known are ${INPUTS.join(", ")}`,
    }));
  const missing = ["accountId", "tunnelId"]
    .filter((name) => !hasUnknown(inputs[name] ?? null) && textOf(inputs[name]) === undefined)
    .map((name) => ({ property: name, reason: "is required, as a text" }));
  return [...strangers, ...missing];
}

function settable(properties: PropertyMap): PropertyMap {
  return Object.fromEntries(
    INPUTS.flatMap((name) => (properties[name] === undefined ? [] : [[name, properties[name]] as const])),
  );
}

/** `<account>/<tunnel>/<hostname>[,<hostname>…]`: an import has to say which rules become ours. */
function fromImportId(id: string): PropertyMap {
  const [accountId, tunnelId, hostnames] = id.split("/");
  if (!accountId || !tunnelId || !hostnames) {
    throw new UserError(
      `"${id}" does not say which rules to adopt`,
      "Give the id as <account id>/<tunnel id>/<hostname>,<hostname>…",
    );
  }
  return { accountId, tunnelId, rules: hostnames.split(",").map((hostname) => ({ hostname })) };
}

function tunnelOf(properties: PropertyMap): TunnelRef {
  const accountId = textOf(properties["accountId"]);
  const tunnelId = textOf(properties["tunnelId"]);
  if (accountId === undefined || tunnelId === undefined)
    throw new Error("accountId and tunnelId are not known");
  return { accountId, tunnelId };
}

function rulesOf(properties: PropertyMap): Rule[] {
  return reveal(properties["rules"] ?? []) as Rule[];
}

/** The rules with what is unknown replaced, for a look at whether they fit. */
function knownRules(rules: PropertyValue | undefined): Rule[] {
  return listOf(rules).flatMap((rule) => {
    if (hasUnknown(rule["hostname"] ?? null) || hasUnknown(rule["path"] ?? null)) return [];
    const known = Object.entries(rule).map(
      ([name, value]) => [name, hasUnknown(value) ? UNKNOWN_PART : (reveal(value) as Json)] as const,
    );
    return [Object.fromEntries(known)];
  });
}

function listOf(rules: PropertyValue | undefined): PropertyMap[] {
  const list = unwrap(rules ?? []);
  return Array.isArray(list) ? list.map(unwrap).filter(isMap) : [];
}

function asProperty(rules: Rule[]): PropertyValue {
  return rules as PropertyValue;
}

/** Every rule of either list, the second's where both have one for the same key. */
function union(before: Rule[], after: Rule[]): Rule[] {
  const keys = after.map((rule) => keyText(keyOf(rule)));
  return [...before.filter((rule) => !keys.includes(keyText(keyOf(rule)))), ...after];
}

function textOf(value: PropertyValue | undefined): string | undefined {
  const inner = reveal(value ?? null);
  return typeof inner === "string" && inner !== "" ? inner : undefined;
}

const SCHEMA = {
  name: "comfyui-access",
  version: VERSION,
  resources: {
    [TYPES.sharedIngress]: {
      description: "Ingress rules of this stack in the list of a tunnel that others use too.",
      inputProperties: {
        accountId: { type: "string" },
        tunnelId: { type: "string" },
        rules: { type: "array", items: { $ref: "pulumi.json#/Any" } },
      },
      requiredInputs: INPUTS,
      properties: {
        accountId: { type: "string" },
        tunnelId: { type: "string" },
        rules: { type: "array", items: { $ref: "pulumi.json#/Any" } },
        ownCatchAll: { type: "boolean" },
      },
      required: INPUTS,
    },
  },
};
