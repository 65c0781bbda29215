import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, test } from "vitest";
import { EngineRig, type Settings } from "../../engine/support";
import { type Listed, Replay, recording } from "./replay";

/** One change of the stack's config: what a preview said, what `up` sent, and what a preview said then. */
interface RecordedChange {
  change: string;
  plan: Record<string, Step[]>;
  writes: Write[];
  "second preview": Record<string, number>;
  state?: Record<string, Parts>;
}
interface Step {
  op: string;
  detailedDiff: string[];
  diffReasons: string[];
  replaceReasons: string[];
}
type Write = [method: string, path: string, status: number, body: unknown];
interface Parts {
  inputs: object;
  outputs: object;
}
interface Resource extends Parts {
  urn: string;
  type: string;
  id?: string;
}

/** What differs from the recording and stays so. */
const LISTED: Listed[] = [
  {
    line: "base",
    path: /::tunnel"\]\.outputs\.connections$/,
    why: "the API was to drop the field on 5 October 2026, and the sandbox's has; it was recorded from one that had it",
  },
];

interface Application {
  name: string;
  hostname: string;
  service: string;
  allow?: { emails?: string[]; emailDomains?: string[] };
  serviceTokens: string[];
  sessionDuration?: string;
}

const TOMORROW = new Date(Date.now() + 86_400_000).toISOString().replace(/\.\d+Z$/, "Z");

/** What each change does to the config, which keeps what the changes before it did. */
const CHANGES: Record<string, (settings: Settings) => void> = {
  base: () => {},
  "email added": (settings) => {
    comfyui(settings).allow = { emails: ["artist@datacrew.space", "second@datacrew.space"] };
  },
  "email domain added": (settings) => {
    comfyui(settings).allow = { ...comfyui(settings).allow, emailDomains: ["datacrew.space"] };
  },
  "session duration 12h": (settings) => {
    comfyui(settings).sessionDuration = "12h";
  },
  "second application": (settings) => {
    comfyui(settings).serviceTokens = ["comfyui-api"];
    applications(settings).push({
      name: "render",
      hostname: "render.datacrew.space",
      service: "http://localhost:9000",
      allow: { emails: ["artist@datacrew.space"] },
      serviceTokens: [],
    });
  },
  "token rotation": (settings) => {
    settings["serviceTokens"] = [{ name: "comfyui-api", version: 2, previousExpiresAt: TOMORROW }];
  },
  "token duration": (settings) => {
    const [token] = settings["serviceTokens"] as object[];
    settings["serviceTokens"] = [{ ...token, duration: "4380h" }];
  },
  "tunnel rule service": (settings) => {
    comfyui(settings).service = "http://comfyui:8188";
  },
  "google client id": (settings) => {
    settings["google"] = { ...(settings["google"] as object), clientId: "other.apps.googleusercontent.com" };
  },
  "application removed": (settings) => {
    settings["applications"] = applications(settings).filter(({ name }) => name !== "render");
  },
  "alerts removed": (settings) => {
    delete settings["alerts"];
  },
  "people removed (tokens only)": (settings) => {
    delete comfyui(settings).allow;
    settings["accessTests"] = [{ token: "comfyui-api", allow: ["comfyui"] }];
  },
};

/** What happened between two recorded changes without a line of its own. */
const UNRECORDED: Record<string, (settings: Settings) => void> = {
  "application removed": (settings) => {
    comfyui(settings).hostname = "ui.datacrew.space";
    settings["serviceTokens"] = [...(settings["serviceTokens"] as object[]), { name: "render-api" }];
    for (const application of applications(settings)) {
      if (application.name === "render") application.serviceTokens = ["render-api"];
    }
  },
};

const applications = (settings: Settings) => settings["applications"] as Application[];

function comfyui(settings: Settings): Application {
  const found = applications(settings).find(({ name }) => name === "comfyui");
  if (found === undefined) throw new Error("the config has no application comfyui");
  return found;
}

const changes = recording<RecordedChange>("provider-plans.jsonl");
const replay = new Replay(LISTED);
let rig: EngineRig;
const edits: ((settings: Settings) => void)[] = [];
let seen = 0;

beforeAll(async () => {
  rig = await EngineRig.open();
});
afterAll(async () => {
  await rig?.close();
  replay.end("changes of the config, as recorded of the real provider");
});

// One stack lives through these changes, in their order, as the recorded one did.
describe("R1: the sandbox's provider plans, sends and keeps what the real one was recorded to", () => {
  test.each(changes.map((line) => [line.change, line] as const))("R1: %s", async (name, recorded) => {
    const before = UNRECORDED[name];
    if (before !== undefined) {
      await edited(before);
      await up();
      await sent(await state());
    }
    const edit = CHANGES[name];
    if (edit === undefined) throw new Error(`the recorded change "${name}" is not known here`);
    await edited(edit);
    const { plan } = await preview();
    await up();
    const resources = await state();
    const writes = await sent(resources);
    const found = {
      plan,
      writes: writes.toSorted(byText),
      "second preview": (await preview()).counts,
      ...(recorded.state === undefined ? {} : { state: partsOf(resources) }),
    };
    const { plan: recordedPlan, writes: recordedWrites, state: recordedState } = recorded;
    replay.line(
      name,
      {
        plan: recordedPlan,
        writes: recordedWrites.map((write) => plain(write)).toSorted(byText),
        "second preview": recorded["second preview"],
        ...(recordedState === undefined ? {} : { state: plain(renamed(recordedState)) }),
      },
      found,
    );
  });
});

async function edited(edit: (settings: Settings) => void): Promise<void> {
  edits.push(edit);
  await rig.config((settings) => {
    for (const each of edits) each(settings);
  });
}

async function up(): Promise<void> {
  const result = await rig.up();
  if (result.code !== 0) throw new Error(`up failed:\n${result.stdout}\n${result.stderr}`);
}

/** What a preview plans for what Cloudflare's and the random provider have, and how many steps there are of each kind. */
async function preview(): Promise<{ plan: Record<string, Step[]>; counts: Record<string, number> }> {
  const result = await rig.run(["preview", "--json"], { as: "preview" });
  if (result.code !== 0) throw new Error(`preview failed:\n${result.stdout}\n${result.stderr}`);
  const { steps, changeSummary } = JSON.parse(result.stdout) as {
    steps: {
      op: string;
      urn: string;
      detailedDiff?: object | null;
      diffReasons?: string[] | null;
      replaceReasons?: string[] | null;
    }[];
    changeSummary: Record<string, number>;
  };
  const plan: Record<string, Step[]> = {};
  for (const { op, urn, detailedDiff, diffReasons, replaceReasons } of steps) {
    const name = nameOf(urn);
    if (op === "same" || !/^(cloudflare:|random:|pulumi:pulumi:Stack)/.test(name)) continue;
    plan[name] = [
      ...(plan[name] ?? []),
      {
        op,
        detailedDiff: Object.keys(detailedDiff ?? {}),
        diffReasons: diffReasons ?? [],
        replaceReasons: replaceReasons ?? [],
      },
    ];
  }
  return { plan, counts: changeSummary };
}

/** Type and name of a resource, without its parents. */
function nameOf(urn: string): string {
  const [types = "", name = ""] = urn.split("::").slice(-2);
  return `${types.split("$").at(-1)}::${name}`;
}

async function state(): Promise<Resource[]> {
  const file = join(rig.dir, "export.json");
  const result = await rig.run(["stack", "export", "--show-secrets", "--file", file]);
  if (result.code !== 0) throw new Error(`export failed:\n${result.stderr}`);
  const { deployment } = JSON.parse(await readFile(file, "utf8")) as {
    deployment: { resources: Resource[] };
  };
  return deployment.resources.filter(({ type }) => type.startsWith("cloudflare:"));
}

function partsOf(resources: Resource[]): Record<string, Parts> {
  const parts = resources.map(
    ({ urn, inputs, outputs }) => [nameOf(urn), { inputs, outputs }] satisfies [string, Parts],
  );
  return plain(named(Object.fromEntries(parts), resources));
}

/** The recorded state by type and name, where some lines have the whole URN. */
function renamed(recorded: Record<string, Parts>): Record<string, Parts> {
  return Object.fromEntries(Object.entries(recorded).map(([urn, parts]) => [nameOf(urn), parts]));
}

/** The writes since the last call. */
async function sent(resources: Resource[]): Promise<Write[]> {
  const all = await rig.writes();
  const fresh = all.slice(seen);
  seen = all.length;
  const writes = fresh.map(
    ({ method, path, status, body }): Write => [
      method,
      path.replace("/client/v4", ""),
      status,
      body === undefined ? null : body,
    ],
  );
  return plain(named(writes, resources));
}

/** The value with what each run has of its own replaced by names, as in the recording. */
function named<T>(value: T, resources: Resource[]): T {
  const names = new Map<string, string>();
  for (const { urn, id, outputs } of resources) {
    const name = urn.split("::").at(-1) ?? "";
    if (id !== undefined) names.set(id, `{id of ${name}}`);
    for (const key of ["aud", "clientId"] as const) {
      const found = (outputs as Record<string, unknown>)[key];
      if (typeof found === "string") names.set(found, `{${key} of ${name}}`);
    }
  }
  let text = JSON.stringify(value);
  for (const [found, name] of names)
    text = text.replaceAll(`"${found}"`, `"${name}"`).replaceAll(found, name);
  return JSON.parse(text) as T;
}

const ACCOUNT_OR_ZONE = /^(0123456789abcdef|fedcba9876543210)\1$/;

/** The value without times, without ids that no state knows (any more), and without secrets that were made up. */
function plain<T>(value: T): T {
  const text = JSON.stringify(value)
    .replace(/"\d{4}-\d\d-\d\dT[^"]*Z"/g, '"{time}"')
    .replace(
      /("(?:clientSecret|tunnelSecret)":\{[^}]*"plaintext":)"\\"(?!sandbox-)[^}]*"\}/g,
      '$1"{secret}"}',
    )
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "{uuid}")
    .replace(/(?<=\/)[0-9a-f]{32}(?=["/])/g, (hex) => (ACCOUNT_OR_ZONE.test(hex) ? hex : "{hex}"));
  return JSON.parse(text) as T;
}

function byText(a: Write, b: Write): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
