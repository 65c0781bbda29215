import { z } from "zod";
import { AROUND } from "../../../components/types";
import { placePaths } from "../../../config/config-paths";
import { addressFault, inAscii } from "../../../config/provider-addresses";
import { INFISICAL_CLOUD, settingsOf } from "../../../config/stack-config";
import { isHidden } from "../../access/hidden";
import { UserError } from "../../base/errors";
import { fieldsOf, listOf, textOf } from "../../base/json-values";
import type { StateResource } from "../../cloudflare/state-resource";
import { configFileArgs, type EngineAccess, parseAnswer, runEngine } from "../secrets/engine-cli";
import { projectName } from "../stack/read-stack";
import type { Fact } from "./fact";
import type { Undecided } from "./undecided";

/** Where a stack's secrets go besides the vendor's own API: by what says so, e.g. `cloudflare:baseUrl`, each place. */
export type SecretPlaces = Readonly<Record<string, readonly string[]>>;

/** Where they went with the last update, and where they are to go. */
export interface ComparedPlaces {
  before: SecretPlaces;
  after: SecretPlaces;
  /** What cannot be read. */
  undecided: readonly Undecided[];
}

const entries = z.record(
  z.string(),
  z.object({ value: z.string().optional(), secret: z.boolean().optional() }),
);
const updates = z.array(z.object({ kind: z.string(), result: z.string(), config: z.optional(entries) }));

/** More updates than this are not gone through for the last one that was applied. */
const LAST_UPDATES = 50;

/** Stands for a value that is encrypted: it may be any. */
const ENCRYPTED = "(encrypted, not shown)";

/**
 * Reads where a stack's secrets go by its config, and where they went by the config of its last update: nothing else
 * keeps what a command such as `env --to infisical` goes by.
 * @throws {UserError} when the config cannot be read.
 */
export async function readSecretPlaces(engine: EngineAccess, stack: string): Promise<ComparedPlaces> {
  const project = await projectName(engine.cwd);
  const purpose = `read the config of stack ${stack}`;
  const args = ["config", "--json", "--stack", stack, ...configFileArgs(engine)];
  const found = parseAnswer(entries, await runEngine(engine, { purpose, args }), purpose);
  const after = secretPlacesOf(Object.entries(found), project);
  try {
    const last = await lastConfig(engine, stack);
    const before = secretPlacesOf(Object.entries(last), project);
    return { before, after, undecided: hiddenPlaces(before, after) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const text = "where secrets went with the last update cannot be read";
    return { before: after, after, undecided: [{ code: "cannot be read", bears: ["secrets"], text }] };
  }
}

/** The config of the last update that was applied; an empty one when none was. */
async function lastConfig(engine: EngineAccess, stack: string): Promise<z.infer<typeof entries>> {
  const purpose = `read the updates of stack ${stack}`;
  const args = ["stack", "history", "--json", "--page-size", String(LAST_UPDATES), "--stack", stack];
  const done = parseAnswer(updates, await runEngine(engine, { purpose, args }), purpose);
  return done.find(({ kind, result }) => kind === "update" && result === "succeeded")?.config ?? {};
}

/**
 * Where secrets go by a stack's config.
 * @param config full keys, as the engine hands them over
 */
export function secretPlacesOf(
  config: Iterable<readonly [key: string, entry: { value?: string; secret?: boolean }]>,
  project: string,
): SecretPlaces {
  // The engine gives no value for an encrypted one, nor for a whole object of which any part is encrypted.
  const all = [...config].map(
    ([key, { value, secret }]) => [key, { value: secret === true ? ENCRYPTED : value }] as const,
  );
  const { placed } = placePaths(settingsOf(all, project).raw);
  return withoutEmpty({
    ...Object.fromEntries(
      all.flatMap(([key, { value }]) => {
        const [provider = "", name = ""] = key.split(":");
        const place = foreignPlace(provider, name, value);
        return place === undefined ? [] : [[key, [place]]];
      }),
    ),
    infisical: infisicalPlaces(placed["infisical"]),
    ...storePlaces(placed["secretStore"]),
  });
}

function infisicalPlaces(configured: unknown): string[] {
  if (configured === ENCRYPTED) return [`Infisical: ${ENCRYPTED}`];
  const infisical = fieldsOf(configured);
  return Object.keys(infisical).length === 0 ? [] : [placeIn(infisical)];
}

const GOOGLE = "Google Secret Manager";

/** What keeps secrets by the kind of the store; one that is encrypted may be Google's. */
const KINDS = new Map<unknown, string>([
  ["gcp", GOOGLE],
  [ENCRYPTED, ENCRYPTED],
]);

/** The config's keys of the store, and of those that it lets read. */
const STORE = "secretStore";
export const READERS = "secretStore.readers";

const storePlace = (kind: string, project: string): string => `${kind} in project ${project}`;

function storePlaces(configured: unknown): SecretPlaces {
  if (configured === ENCRYPTED) return { [STORE]: [ENCRYPTED], [READERS]: [ENCRYPTED] };
  const store = fieldsOf(configured);
  const kind = KINDS.get(store["kind"]);
  if (kind === undefined) return {};
  const readers = store["readers"] === ENCRYPTED ? [ENCRYPTED] : listOf(store["readers"]);
  return {
    [STORE]: [storePlace(kind, textOf(store["project"]) ?? "?")],
    [READERS]: readers.filter((reader) => typeof reader === "string"),
  };
}

/** What is encrypted before and after: it may be the same, or any other. */
export function hiddenPlaces(before: SecretPlaces, after: SecretPlaces): Undecided[] {
  const hides = (places: readonly string[] = []) => places.some((place) => place.includes(ENCRYPTED));
  return Object.keys(after)
    .filter((about) => hides(before[about]) && hides(after[about]))
    .map((about) => ({
      code: "encrypted place",
      bears: ["secrets"],
      text: `whether ${about} sends secrets elsewhere, as it is encrypted: set it with --plaintext`,
    }));
}

/**
 * Where the resources of a plan or of a state send secrets: which projects keep them, and where providers send their
 * credentials, where that is not the vendor.
 */
export function resourcePlaces(resources: readonly StateResource[]): SecretPlaces {
  const places = new Map<string, string[]>();
  const stores = new Set(resources.flatMap(storesIn));
  if (stores.size > 0) places.set(STORE, [...stores]);
  for (const { type, outputs } of resources.filter((each) => each.type.startsWith("pulumi:providers:"))) {
    const provider = type.split(":").at(-1) ?? "";
    for (const [name, value] of Object.entries(outputs)) {
      const place = foreignPlace(provider, name, isShown(value) ? value : ENCRYPTED);
      const key = `${provider}:${name}`;
      if (place !== undefined) places.set(key, [...(places.get(key) ?? []), place]);
    }
  }
  return Object.fromEntries(places);
}

/** Which project's store a resource puts something into. What only the update tells is in a secret of the same plan. */
function storesIn({ type, outputs }: StateResource): string[] {
  const { project, secret } = outputs;
  if (type === AROUND.secret) return isShown(project) ? [storePlace(GOOGLE, project)] : [];
  if (type !== AROUND.secretVersion || !isShown(secret)) return [];
  const [, owner] = /^projects\/([^/]+)\/secrets\/[^/]+$/.exec(secret) ?? [];
  return [owner === undefined ? `${GOOGLE}, secret ${secret}` : storePlace(GOOGLE, owner)];
}

/** Whether a value is a text that can be read. */
export const isShown = (value: unknown): value is string => typeof value === "string" && !isHidden(value);

function foreignPlace(provider: string, name: string, value: string | undefined): string | undefined {
  // By nothing in the environment: what is trusted there is a change all the same.
  return value === undefined || addressFault(provider, name, value, {}) === undefined ? undefined : value;
}

function placeIn({ siteUrl, projectId, environment, secretPath }: ReturnType<typeof fieldsOf>): string {
  const site = textOf(siteUrl) ?? INFISICAL_CLOUD;
  const where = `${textOf(environment) ?? "?"}:${textOf(secretPath) ?? "/"}`;
  return `Infisical at ${inAscii(site).replace(/\/+$/, "").toLowerCase()}, project ${textOf(projectId) ?? "?"}, ${where}`;
}

/** What changes: a further place widens, whoever may read it, and one less narrows. */
export function secretPlaceFacts(before: SecretPlaces, after: SecretPlaces): Fact[] {
  const abouts = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return abouts.flatMap((about) => {
    const [then = [], now = []] = [before[about], after[about]];
    const fact = (place: string, effect: "widens" | "narrows"): Fact => {
      const text = `secrets ${effect === "widens" ? "now go" : "no longer go"} to ${place} (${about})`;
      return { kind: "secrets", effect, about, detail: place, text };
    };
    return [
      ...now.filter((place) => !then.includes(place)).map((place) => fact(place, "widens")),
      ...then.filter((place) => !now.includes(place)).map((place) => fact(place, "narrows")),
    ];
  });
}

const withoutEmpty = (places: SecretPlaces): SecretPlaces =>
  Object.fromEntries(Object.entries(places).filter(([, each]) => each.length > 0));
