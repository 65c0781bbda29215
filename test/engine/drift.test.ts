import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Wire } from "../../src/cloudflare/account-api";
import { canonical } from "../../src/drift/compare";
import { kindOf } from "../../src/drift/kinds";
import type { Kind } from "../../src/drift/kinds/kind";
import type { StackResource } from "../../src/stack/read-stack";
import { DriftRig, type Look } from "./drift/account";
import { changed, type Mutation, shownMutations } from "./drift/mutations";
import { type Writing, writings, writtenMutations } from "./drift/table";

let drift: DriftRig;
/** What the account also holds, and the stack has nothing to do with. */
let others: { otherLogin: string; otherPolicy: string; otherToken: string };

const ACCOUNT = "/accounts/0123456789abcdef0123456789abcdef";

beforeAll(async () => {
  drift = await DriftRig.open((rig) => rig.config());
  const made = async (path: string, body: unknown) =>
    (await drift.rig.api<{ id: string }>("POST", `${ACCOUNT}${path}`, body)).id;
  others = {
    otherLogin: await made("/access/identity_providers", {
      name: "Other",
      type: "google",
      config: { client_id: "other", client_secret: "other" },
    }),
    otherPolicy: await made("/access/policies", {
      name: "everybody",
      decision: "bypass",
      include: [{ everyone: {} }],
    }),
    otherToken: await made("/access/service_tokens", { name: "somebody-else" }),
  };
});

afterAll(() => drift?.close());

/** The stack's objects that are compared, each with how it is compared. */
function objects(): { resource: StackResource; kind: Kind; path: string }[] {
  const found = drift.state.resources.flatMap((resource) => {
    const kind = kindOf(resource.type);
    return kind === undefined ? [] : [{ resource, kind, path: kind.path(drift.api, resource) }];
  });
  const isLast = ({ kind }: { kind: Kind }) => kind.subject === "service token";
  return found.sort((a, b) => Number(isLast(a)) - Number(isLast(b)));
}

/** Everything that a look may say of a change, as `subject name: field`. */
const told = ({ changes }: Look): string[] =>
  changes.map(({ subject, name, field, what }) => `${subject} ${name}: ${field ?? what}`);

type Outcome = "found" | "not visible" | "bookkeeping";

/** Changes that one write makes besides the one that was meant. */
const FOLLOWS: Readonly<Record<string, readonly string[]>> = {
  // The API computes the one from the other.
  duration: ["expires_at"],
  "scim_config.enabled": ["scim_config.scim_base_url"],
};

/** A rule of a tunnel is known by what it answers for, not by its place. */
function fieldAt(kind: Kind, live: Wire, path: string): string {
  const at = /^config\.ingress\.(\d+)(?:\.(.*))?$/.exec(path);
  if (kind.subject !== "tunnel configuration" || at === null)
    return path.replace(/^config\./, kind.own ? "" : "config.");
  const rules = (live["config"] as { ingress: { hostname?: string }[] }).ingress;
  return `ingress[${rules[Number(at[1])]?.hostname ?? "*"}]${at[2] === undefined ? "" : `.${at[2]}`}`;
}

/** Whether a reported field is the one that was changed, or the part of it that differs. */
function isAbout(field: string, path: string): boolean {
  return field === path || field.startsWith(`${path}.`) || path.startsWith(`${field}.`);
}

/** What a look has to say about one changed field, and nothing besides. */
function judge(
  look: Look,
  { kind, resource, live, mutation }: { kind: Kind; resource: StackResource; live: Wire; mutation: Mutation },
): Outcome {
  const { path } = mutation;
  const top = path.split(".")[0] ?? "";
  expect(look.failures, path).toEqual([]);
  if (path === "deleted_at") {
    expect(told(look)).toEqual([`${kind.subject} ${resource.inputs["name"]}: deleted`]);
    return "found";
  }
  if (top in kind.bookkeeping) {
    expect(told(look), path).toEqual([]);
    return "bookkeeping";
  }
  // An application shows a copy of each policy, which is compared where it is kept.
  if (kind.subject === "application" && /^policies\.\d+\.(?!id$|precedence$)/.test(path)) {
    expect(told(look), path).toEqual([]);
    return "bookkeeping";
  }
  if (kind.withheld !== undefined && path in kind.withheld) {
    expect(
      look.unseen.some(({ what }) => what.includes("secret of") && what.includes(kind.subject)),
      path,
    ).toBe(true);
    expect(
      look.changes.filter(({ field = "" }) => !field.startsWith("scim_config")),
      path,
    ).toEqual([]);
    return "not visible";
  }
  const known = top in kind.fields || (kind.own ?? []).includes(top);
  if (!known) {
    expect(told(look), path).toEqual([]);
    expect(look.unseen.map(({ what }) => what)).toContainEqual(
      expect.stringMatching(new RegExp(`^${top} of `)),
    );
    return "not visible";
  }
  const wanted = fieldAt(kind, live, path);
  const followers = path.startsWith("scim_config") ? ["scim_config.scim_base_url"] : (FOLLOWS[path] ?? []);
  const isKey = /^config\.ingress\.\d+(\.hostname|\.path)?$/.test(path) || path === "config.ingress";
  for (const change of look.changes) {
    const field = change.field ?? "";
    const fits =
      isAbout(field, wanted) || followers.includes(field) || (isKey && field.startsWith("ingress"));
    expect(fits && change.id === resource.id, `${path}: ${JSON.stringify(change)}`).toBe(true);
  }
  expect(look.changes.length, `${kind.subject} ${path} = ${JSON.stringify(mutation.value)}`).toBeGreaterThan(
    0,
  );
  return "found";
}

/** Every write counts in fields that say nothing else. */
const meaningful = (kind: Kind, live: Wire): string =>
  canonical(Object.fromEntries(Object.entries(live).filter(([name]) => !(name in kind.bookkeeping))));

async function read(path: string): Promise<Wire> {
  drift.api.shown = undefined;
  const found = await drift.api.read(path, path);
  if (found === undefined) throw new Error(`nothing at ${path}`);
  return found;
}

/** Puts one changed field into the account; false when the API refuses it, or leaves the object as it was. */
async function write(writing: Writing, object: { kind: Kind; path: string; live: Wire; mutation: Mutation }) {
  const { kind, path, live, mutation } = object;
  try {
    await drift.rig.api(writing.method, path, writing.body(changed(live, mutation)));
  } catch {
    return false;
  }
  const isHidden = kind.withheld !== undefined && mutation.path in kind.withheld;
  return isHidden || meaningful(kind, await read(path)) !== meaningful(kind, live);
}

test("a sound account has no drift", async () => {
  const look = await drift.look();
  expect(told(look)).toEqual([]);
  expect(look.access).toMatchObject({ verdict: "no change", entries: [], facts: [], undecided: [] });
  expect(look.failures).toEqual([]);
  expect(look.unseen.map(({ what, result }) => `${result}: ${what}`)).toMatchInlineSnapshot(`
    [
      "as expected: secret of service token comfyui-api",
      "as expected: client secret of identity provider Google",
      "open: secret of tunnel comfyui-dev",
      "open: settings of the Zero Trust organization",
      "open: newer versions and other readers of the secrets in Google Secret Manager",
    ]
  `);
});

describe("each field of each object, changed one at a time", () => {
  test("is found, or listed as not visible, and nothing else is reported", async () => {
    const counts = new Map<string, number>();
    const count = (key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);
    const wrong: string[] = [];
    const all = writings(others);
    // Last: what it does to the token's end cannot be undone.
    const isLast = ({ path }: Mutation) => path === "duration";
    for (const { kind, resource, path } of objects()) {
      const writing = all[kind.subject as keyof typeof all];
      const live = await read(path);
      const mutations = [...writtenMutations(writing, live), ...shownMutations(live)];
      mutations.sort((a, b) => Number(isLast(a)) - Number(isLast(b)));
      const seen = new Set<string>();
      for (const mutation of mutations) {
        const key = canonical(changed(live, mutation));
        if (seen.has(key) || key === canonical(live)) continue;
        seen.add(key);
        const isWritten = await write(writing, { kind, path, live, mutation });
        if (!isWritten) drift.api.shown = { path, value: changed(live, mutation) };
        const look = await drift.look();
        try {
          count(judge(look, { kind, resource, live, mutation }));
        } catch (error) {
          const [why] = String((error as Error).message).split("\n");
          wrong.push(`${kind.subject} ${mutation.path} = ${JSON.stringify(mutation.value)}: ${why}`);
        }
        count(isWritten ? "written" : "shown");
        if (isWritten)
          await drift.rig.api(writing.method, path, {
            ...(writing.body(live) as object),
            ...RESTORE[kind.subject],
          });
        drift.api.shown = undefined;
      }
      if (kind.subject !== "service token") expect(told(await drift.look()), `after ${path}`).toEqual([]);
    }
    expect(wrong).toEqual([]);
    console.info(`objects: ${objects().length}`, Object.fromEntries(counts));
  }, 120_000);
});

/** What has to be said to take a change back that leaving it out would keep. */
const RESTORE: Partial<Record<Kind["subject"], object>> = {
  "service token": { enabled: true, client_secret_version: 1, previous_client_secret_expires_at: null },
};
