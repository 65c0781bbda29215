import { isHidden, MASKED_VALUE, UNKNOWN_VALUE } from "../../access/hidden";
import type { Situation } from "../../access/situation";
import { UserError } from "../../base/errors";
import { type Fields, fieldsOf } from "../../base/json-values";
import { TYPES } from "../../cloudflare/kinds";
import { isUnset } from "../../cloudflare/kinds/unset";
import { situationOf } from "../../cloudflare/read-situation";
import { changedInputs, type PlanStep, readPlan } from "../../cloudflare/stack-plan";
import type { StateResource } from "../../cloudflare/state-resource";
import { alarmFacts } from "./alarms";
import { connectorTokenFacts } from "./connector-tokens";
import type { Fact } from "./fact";
import { hiddenCredentials, hiddenFacts, unreadFacts } from "./hidden";
import { providerFacts } from "./providers";
import { hiddenPlaces, resourcePlaces, secretPlaceFacts } from "./secret-places";
import { readerFacts, unreadGrants } from "./secret-readers";
import { byText, heldIn, notJudgedFacts, type Undecided } from "./undecided";
import { usedProviderFacts } from "./used-providers";

/** Two situations, and what of them cannot be read. */
export interface Comparison {
  before: Situation;
  after: Situation;
  undecided: Undecided[];
  /** What changes besides who gets in. */
  facts: Fact[];
}

/** Compares two sets of resources, as states have them. */
export function compareResources(
  before: readonly StateResource[],
  after: readonly StateResource[],
): Comparison {
  const [then, now] = [resourcePlaces(before), resourcePlaces(after)];
  const [was, is] = [situationOf(before), situationOf(after)];
  return {
    before: was,
    after: is,
    undecided: byText([
      ...hiddenFacts({ resources: before, situation: was }, { resources: after, situation: is }),
      ...hiddenCredentials(before, after),
      ...unreadFacts(was, is),
      ...notJudgedFacts(heldIn(before), heldIn(after)),
      ...providerFacts(before, after),
      ...unreadGrants(before, after),
      ...hiddenPlaces(then, now),
    ]),
    facts: [
      ...secretPlaceFacts(then, now),
      ...readerFacts(before, after),
      ...connectorTokenFacts(before, after),
      ...alarmFacts(before, after),
    ],
  };
}

/**
 * The engine's arguments for a preview that can be compared. With what stays the same: who may pass hangs on
 * applications that a changed policy leaves as they are.
 */
export const PREVIEW_CALL = ["preview", "--json", "--show-sames"] as const;

/** Outputs that only Cloudflare gives, and that an update leaves as they are; unless it changes the input named here. */
const GIVEN: Readonly<Record<string, string | undefined>> = {
  aud: undefined,
  clientId: undefined,
  expiresAt: "duration",
};

const GONE = new Set(["delete", "delete-replaced", "discard", "discard-replaced", "remove-pending-replace"]);
const MADE = new Set(["create", "create-replacement", "replace", "import", "import-replacement"]);

/**
 * Reads what {@link PREVIEW_CALL} prints: the resources as they are, and as they are to be. Ids that only the
 * update will tell are found again by what each property depends on.
 * @throws {UserError} when it is no preview, one that failed, or one that leaves out what stays the same.
 */
export function comparePreview(text: string, where: string): Comparison {
  const steps = stepsOf(text, where);
  const before = new Map<string, StateResource>();
  const after = new Map<string, StateResource>();
  for (const { op, urn, oldState } of steps) {
    if (oldState !== undefined && !before.has(urn))
      before.set(urn, resource(oldState, String(oldState["id"] ?? urn)));
    if (GONE.has(op)) after.delete(urn);
  }
  for (const step of steps) {
    const { op, urn, oldState, newState } = step;
    if (newState === undefined || GONE.has(op)) continue;
    const id = MADE.has(op) ? urn : (before.get(urn)?.id ?? urn);
    const planned = withSession(resource(newState, id), step);
    if (op === "same") {
      after.set(urn, planned);
      continue;
    }
    const changed = MADE.has(op) ? undefined : changedInputs(step);
    const outputs = { ...withOtherSecrets(planned.outputs, step, changed), ...given(oldState, changed) };
    after.set(urn, { ...planned, outputs });
  }
  const dependencies = new Map(
    steps.map(({ urn, newState }) => [urn, fieldsOf(newState?.["propertyDependencies"])]),
  );
  const ambiguous: Undecided[] = [];
  for (const [urn, planned] of after) {
    after.set(urn, withIds(planned, dependencies.get(urn) ?? {}, after, ambiguous));
  }
  const compared = compareResources([...before.values()], [...after.values()]);
  return { ...compared, undecided: [...compared.undecided, ...ambiguous, ...usedProviderFacts(steps)] };
}

const HOW = `Give what \`pulumi ${PREVIEW_CALL.join(" ")}\` printed.`;

function stepsOf(text: string, where: string): readonly PlanStep[] {
  const { steps, same } = readPlan(text, where, HOW);
  // Without them a changed policy would have no application, and the change would look like none.
  if (same > steps.filter(({ op }) => op === "same").length) {
    throw new UserError(`${where} leaves out the resources that stay the same`, HOW);
  }
  return steps;
}

/** What Cloudflare gave an object stays, however little of it a provider knows before the update. */
function given(oldState: Fields | undefined, changed: readonly string[] | undefined): Fields {
  const outputs = fieldsOf(oldState?.["outputs"]);
  if (changed === undefined) return {};
  return Object.fromEntries(
    Object.entries(GIVEN).flatMap(([name, by]) =>
      name in outputs && !(by !== undefined && changed.includes(by)) ? [[name, outputs[name]]] : [],
    ),
  );
}

/** What Cloudflare's provider sends for a policy whose program names no length of a session. */
const POLICY_SESSION = "24h";

/**
 * A policy that had a session of its own, and is given none: nothing changes it but an update, which writes the provider's
 * own default. A preview says neither.
 */
function withSession(planned: StateResource, { op, oldState }: PlanStep): StateResource {
  const held = fieldsOf(oldState?.["outputs"])["sessionDuration"];
  const { type, outputs } = planned;
  if (type !== TYPES.policy || held === undefined || !isUnset(outputs["sessionDuration"])) return planned;
  return { ...planned, outputs: { ...outputs, sessionDuration: op === "same" ? held : POLICY_SESSION } };
}

/** The secrets of what an update leaves as it is stay the same; all others may be others. */
function withOtherSecrets(
  planned: Fields,
  { newState }: PlanStep,
  changed: readonly string[] | undefined,
): Fields {
  const inputs = fieldsOf(newState?.["inputs"]);
  return Object.fromEntries(
    Object.entries(planned).map(([property, value]) => {
      const stays = changed !== undefined && property in inputs && !changed.includes(property);
      return [property, stays ? value : otherSecrets(value)];
    }),
  );
}

/** A preview shows old and new secrets alike: where something changes, they must not pass for the same. */
function otherSecrets(value: unknown): unknown {
  if (value === MASKED_VALUE) return `${MASKED_VALUE} to be`;
  if (Array.isArray(value)) return value.map(otherSecrets);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, otherSecrets(inner)]));
}

function resource(state: Fields, id: string): StateResource {
  const inputs = fieldsOf(state["inputs"]);
  // A provider may not know before the update what becomes of an input that is known all the same.
  const told = Object.entries(fieldsOf(state["outputs"])).filter(
    ([name, value]) => !(value === UNKNOWN_VALUE && name in inputs),
  );
  const outputs = { ...inputs, ...Object.fromEntries(told) };
  return { type: String(state["type"]), id, outputs, given: new Set(Object.keys(inputs)) };
}

/** Which of a property's ids are of which kind of resource. */
const REFERENCES: Readonly<Record<string, string>> = {
  policies: TYPES.policy,
  allowedIdps: TYPES.identityProvider,
  tokenId: TYPES.token,
  identityProviderId: TYPES.identityProvider,
  id: TYPES.identityProvider,
};

/**
 * Puts the ids of planned resources where the engine only says that it does not know them. Where a property
 * depends on just as many new resources of the right kind as it has unknown ids, each belongs to one.
 */
function withIds(
  planned: StateResource,
  dependencies: Fields,
  all: ReadonlyMap<string, StateResource>,
  ambiguous: Undecided[],
): StateResource {
  const outputs = Object.entries(planned.outputs).map(([property, value]) => {
    const urns = Array.isArray(dependencies[property]) ? (dependencies[property] as string[]) : [];
    const isListOfIds = property === "policies" || property === "allowedIdps";
    const known = JSON.stringify(value);
    const queues = new Map<string, string[]>();
    for (const type of new Set(Object.values(REFERENCES))) {
      const ids = urns.flatMap((urn) => {
        const each = all.get(urn);
        return each?.type === type && !known.includes(JSON.stringify(each.id)) ? [each.id] : [];
      });
      queues.set(type, ids);
    }
    const typeAt = (name: string) => REFERENCES[isListOfIds ? property : name];
    for (const [type, ids] of queues) {
      if (count(value, (name) => typeAt(name) === type) !== ids.length) queues.delete(type);
      else if (property === "policies" && ids.length > 1 && isOrderOpen(ids, all))
        ambiguous.push(orderUnknown(planned));
    }
    return [property, filled(value, "", (name) => queues.get(typeAt(name) ?? "")?.shift())] as const;
  });
  return { ...planned, outputs: Object.fromEntries(outputs) };
}

/** Among Allow and Block the order decides, and the preview does not tell it. */
function isOrderOpen(ids: readonly string[], all: ReadonlyMap<string, StateResource>): boolean {
  const decisions = ids.map((id) => all.get(id)?.outputs["decision"]);
  return decisions.includes("deny") && decisions.includes("allow");
}

const orderUnknown = ({ outputs }: StateResource): Undecided => ({
  code: "order of policies",
  bears: ["access"],
  text: `the order of the new policies of application ${outputs["name"]} is not known before the update`,
});

function count(value: unknown, counts: (name: string) => boolean, name = ""): number {
  if (value === UNKNOWN_VALUE) return counts(name) ? 1 : 0;
  if (typeof value !== "object" || value === null) return 0;
  return Object.entries(value)
    .map(([key, inner]) => count(inner, counts, Array.isArray(value) ? name : key))
    .reduce((sum, each) => sum + each, 0);
}

function filled(value: unknown, name: string, next: (name: string) => string | undefined): unknown {
  if (value === UNKNOWN_VALUE) return next(name) ?? value;
  if (Array.isArray(value)) return value.map((each) => filled(each, name, next));
  if (typeof value !== "object" || value === null || isHidden(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, filled(inner, key, next)]));
}
