import { REPLACEMENT } from "../../../packages/cloudflare/left-behind";
import type { State } from "../../../packages/sandbox/account/store";
import type { Checkpoint } from "./state-file";

/** An object of an account or a resource of a state, comparable between two runs. */
interface Comparable {
  /** Its id where it has one. */
  id: string;
  /** What it is, without ids, secrets and times: equal for two that are alike. */
  text: string;
  /** Of a resource: what the program said of it when it was last written. */
  said?: string;
}

/** All that a run leaves behind. */
export interface Remains {
  objects: Comparable[];
  resources: Comparable[];
  /** The stack's config, and what the sink holds. */
  files: string[];
  /** How many versions of Secret Manager's secrets are enabled. */
  versions: number;
}

/** What differs between what two runs left behind. */
export interface Difference {
  /** In the account, and not expected there. */
  extra: Comparable[];
  /** One line each: all else that differs. */
  lines: string[];
  /** Whether nothing differs at all, so that a preview would show the same. */
  alike: boolean;
}

/** Puts what a run left behind into a form that can be compared. */
export function remainsOf(state: State, checkpoint: Checkpoint, files: readonly string[]): Remains {
  const labels = new Map<string, string>();
  for (const { urn, id, delete: goes } of checkpoint.resources ?? []) {
    if (id)
      labels.set(
        id,
        goes ? "to be deleted" : `${urn.split("::").at(-2)?.split(":").at(-1)} ${urn.split("::").at(-1)}`,
      );
  }
  return {
    objects: accountObjects(state).map(({ kind, id, object }) => ({
      id,
      text: `${kind} ${canonical(object, labels)}`,
    })),
    resources: (checkpoint.resources ?? []).map((resource) => ({
      id: resource.urn,
      text: canonical(without(resource, [...OF_ONE_RUN, ...SAID]), labels),
      said: canonical(
        SAID.map((key) => resource[key]),
        labels,
      ),
    })),
    files: files.map((text) => scrubbed(text, labels)),
    versions: state.gcpSecrets
      .flatMap(({ versions }) => versions)
      .filter((version) => version.state === "ENABLED").length,
  };
}

/** What of the remains is not as expected. */
export function compare(expected: Remains, found: Remains): Difference {
  const objects = differing(expected.objects, found.objects);
  const resources = differing(expected.resources, found.resources);
  const files = found.files.flatMap((text, at) =>
    text === expected.files[at] ? [] : [`file: ${firstDifference(expected.files[at] ?? "", text)}`],
  );
  const lines = [
    ...objects.missing.map(({ text }) => `missing in the account: ${shortened(text)}`),
    ...paired(resources.missing, resources.extra),
    ...files,
  ];
  const said = ({ resources }: Remains) => resources.map((each) => `${each.id} ${each.said}`).sort();
  const alike = objects.extra.length + lines.length === 0 && said(expected).join() === said(found).join();
  return { extra: objects.extra, lines, alike };
}

/** What says when and how a resource came into the state, and not what it is. */
const OF_ONE_RUN = ["created", "modified", "importID", "sourcePosition", "stackTrace", "sequenceNumber"];

/** An import says less at first; what a preview makes of that is looked at. */
const SAID = ["inputs", "ignoreChanges"];

function accountObjects(state: State): { kind: string; id: string; object: unknown }[] {
  const alive = new Set(state.tunnels.filter(({ deletedAt }) => deletedAt === null).map(({ id }) => id));
  const { settings: _, ...lists } = state;
  const kinds: Record<string, { id: string }[]> = {
    ...lists,
    tunnels: state.tunnels
      .filter(({ id }) => alive.has(id))
      .map((tunnel) => without(tunnel, ["connectors", "connsActiveAt", "connsInactiveAt"])),
    tunnelConfigurations: state.tunnelConfigurations
      .filter(({ id }) => alive.has(id))
      .map((configuration) => without(configuration, ["version"])),
    gcpSecrets: state.gcpSecrets.map((secret) => without(secret, ["versions"])),
  };
  return Object.entries(kinds).flatMap(([kind, list]) =>
    list.map((object) => ({ kind, id: object.id, object })),
  );
}

function without<T extends object>(object: T, keys: readonly string[]): T {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key))) as T;
}

/** Values that no two runs have alike, by their keys. */
const SECRET =
  /secret|hash|etag|^data$|ciphertext|^plaintext$|token$|connectorToken|^result$|base64|^b64|^hex$|^dec$/i;

function canonical(value: unknown, labels: ReadonlyMap<string, string>): string {
  return scrubbed(JSON.stringify(sorted(value)), labels);
}

function sorted(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => sorted(item));
    // The order in which the engine learnt of dependencies, and in which parallel calls came, says nothing.
    return ["dependencies", "members"].includes(key) || /^urn:/.test(String(value[0]))
      ? items.map(String).sort()
      : items;
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        // The engine learns of a switch that is off by a creation, and not by an import.
        .filter(([, inner]) => inner !== false && !isAllOff(inner))
        // A refresh writes down that a property depends on something, and no more that it does not.
        .filter(
          ([name, inner]) =>
            !(key === "propertyDependencies" && isEmptyList(inner)) && !isNothing(name, inner),
        )
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, inner]) => [name, sorted(inner, name)]),
    );
  }
  return typeof value === "string" && SECRET.test(key) && !key.endsWith("Id") ? "{secret}" : value;
}

/** `{}` too: what Cloudflare answers to switches that were never set. */
const isAllOff = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((inner) => inner === false);

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

/** Property dependencies of which none says anything. */
const isNothing = (name: string, value: unknown): boolean =>
  name === "propertyDependencies" && Object.values(value ?? {}).every(isEmptyList);

function scrubbed(text: string, labels: ReadonlyMap<string, string>): string {
  // Last an application's name for one run: labels have it too.
  return text
    .replace(
      /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g,
      (id) => `{${labels.get(id) ?? "uuid"}}`,
    )
    .replace(/\b[0-9a-f]{32,64}\b/g, (id) => `{${labels.get(id) ?? (FIXED.has(id) ? id : "hex")}}`)
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "{time}")
    .replace(/sha256-[0-9a-f]{16}/g, "{fingerprint}")
    .replace(/secure: \S+|encryptionsalt: \S+/g, "{sealed}")
    .replace(/\b(version|clientSecretVersion|client_secret_version)("?: ?"?)\d+/g, "$1$2{n}")
    .replace(/\/versions\/\d+/g, "/versions/{n}")
    .replaceAll(REPLACEMENT, "");
}

/** Ids that are the same in every run. */
const FIXED = new Set([
  "0123456789abcdef0123456789abcdef",
  "fedcba9876543210fedcba9876543210",
  "4dabf18193072939515e22adb298388d",
]);

function differing(expected: readonly Comparable[], found: readonly Comparable[]) {
  const left = [...expected];
  const extra = found.filter(({ text }) => {
    const at = left.findIndex((each) => each.text === text);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  return { missing: left, extra };
}

function paired(missing: readonly Comparable[], extra: readonly Comparable[]): string[] {
  const nameOf = (urn: string) => urn.split("::").slice(-2).join(" ").split("$").at(-1);
  return [
    ...missing.map(({ id, text }) => {
      const other = extra.find((each) => each.id === id);
      return other === undefined
        ? `missing in the state: ${nameOf(id)}`
        : `other in the state: ${nameOf(id)}: ${firstDifference(text, other.text)}`;
    }),
    ...extra
      .filter(({ id }) => !missing.some((each) => each.id === id))
      .map(({ id }) => `too much in the state: ${nameOf(id)}`),
  ];
}

function firstDifference(expected: string, found: string): string {
  let at = 0;
  while (at < expected.length && expected[at] === found[at]) at++;
  const from = Math.max(0, at - 30);
  return `…${expected.slice(from, at + 60)}… became …${found.slice(from, at + 60)}…`;
}

function shortened(text: string): string {
  return text.length > 140 ? `${text.slice(0, 140)}…` : text;
}
