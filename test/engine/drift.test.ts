import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canonical } from "../../packages/base/json-values";
import { groupsOf } from "../../packages/cli/access-diff/sections";
import type { Kind } from "../../packages/cli/drift/kinds/kind";
import type { StackResource } from "../../packages/cli/stack/read-stack";
import type { Wire } from "../../packages/cloudflare/account-api";
import type { Fields } from "../../packages/cloudflare/kinds";
import { apiFields } from "../../packages/cloudflare/kinds/api-form";
import { organizationBody } from "../../packages/sandbox/api/organizations";
import { DriftRig, type Look } from "./drift/account";
import { deedsOf } from "./drift/deeds";
import { bodyMutations, changed, type Mutation, shownMutations } from "./drift/mutations";
import { type Others, type Writing, writings, writtenMutations } from "./drift/table";

let drift: DriftRig;
/** What the account also holds, and the stack has nothing to do with. */
let others: Others;

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

/** Everything that a look may say of a change, as `subject name: field`. */
const told = ({ changes }: Look): string[] =>
  changes.map(({ subject, name, field, what }) => `${subject} ${name}: ${field ?? what}`);

type Outcome = "found" | "not visible" | "bookkeeping";

/** Whether every value is tried for every field, or one. */
const FULL = process.env["FULL_TABLES"] === "1";

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
/** What a field is where nobody sets it is no change: the other value is one. */
function notByDefault({ fields }: Kind, mutation: Mutation): Mutation {
  const { path, value } = mutation;
  return value === true && fields[path]?.default === true ? { path, value: false } : mutation;
}

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
  if (isWithheld(kind.table.fields, path.split("."))) {
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

/** Whether no answer shows what is at a path of an object. */
function isWithheld(fields: Fields, [name = "", ...rest]: string[]): boolean {
  const field = apiFields({ fields })[name];
  if (rest.length === 0) return field?.withheld !== undefined;
  return field?.fields !== undefined && field.fields !== "rules" && isWithheld(field.fields, rest);
}

/** Every write counts in fields that say nothing else. */
const meaningful = (kind: Kind, live: Wire): string =>
  canonical(Object.fromEntries(Object.entries(live).filter(([name]) => !(name in kind.bookkeeping))));

/** Puts one changed field into the account; false when the API refuses it, or leaves the object as it was. */
async function write(writing: Writing, object: { kind: Kind; path: string; live: Wire; mutation: Mutation }) {
  const { kind, path, live, mutation } = object;
  try {
    await drift.rig.api(writing.method, path, writing.body(changed(live, mutation)));
  } catch {
    return false;
  }
  return (
    isWithheld(kind.table.fields, mutation.path.split(".")) ||
    meaningful(kind, await drift.read(path)) !== meaningful(kind, live)
  );
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
    for (const { kind, resource, path } of drift.objects()) {
      const writing = all[kind.subject as keyof typeof all];
      const live = await drift.read(path);
      const mutations = [...writtenMutations(writing, live), ...shownMutations(live)].map((mutation) =>
        notByDefault(kind, mutation),
      );
      mutations.sort((a, b) => Number(isLast(a)) - Number(isLast(b)));
      const seen = new Set<string>();
      for (const mutation of mutations) {
        const key = canonical(changed(live, mutation));
        // Every field once; every value that it is tried with, too, where there is time for it.
        if (seen.has(key) || key === canonical(live) || (!FULL && seen.has(mutation.path))) continue;
        seen.add(key).add(mutation.path);
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
    console.info(
      `${FULL ? "every value" : "one value"} of each field, objects: ${drift.objects().length}`,
      Object.fromEntries(counts),
    );
  }, 120_000);
});

/** What has to be said to take a change back that leaving it out would keep. */
const RESTORE: Partial<Record<Kind["subject"], object>> = {
  "service token": { enabled: true, client_secret_version: 1, previous_client_secret_expires_at: null },
};

const HOST = "comfyui.datacrew.space";
const api = <T = Wire>(method: string, path: string, body?: unknown) => drift.rig.api<T>(method, path, body);

/** Everything that a look says of who gets in. */
function accessTold({ access, changes }: Look): string[] {
  const lines = groupsOf(access).flatMap((section) => section.lines);
  return [...lines, ...changes.flatMap(({ opens }) => (opens === undefined ? [] : [`! ${opens}`]))];
}

describe("somebody who", () => {
  // The deeds name objects that are there only when the test runs.
  test.each(deedsOf(drift, others).map(({ does }) => does))("%s", async (does) => {
    const deed = deedsOf(drift, others).find((each) => each.does === does);
    if (deed === undefined) throw new Error(`nobody ${does}`);
    const before = await drift.look();
    // The token's end was moved by hand before, which cannot be undone.
    const known = new Set([...told(before), ...accessTold(before)]);
    await deed.do();
    try {
      const look = await drift.look();
      expect(
        told(look)
          .filter((line) => !known.has(line))
          .sort(),
      ).toEqual([...deed.told].sort());
      expect(
        accessTold(look)
          .filter((line) => !known.has(line))
          .sort(),
      ).toEqual([...deed.access].sort());
      expect(look.failures).toEqual([]);
    } finally {
      await deed.undo?.();
    }
  });
});

describe("settings of the organization", () => {
  test("are found where the config tells them, and else listed as not visible, as they are now", async () => {
    const live = await drift.read(`${ACCOUNT}/access/organizations`);
    const outcomes: string[] = [];
    const known = told(await drift.look());
    for (const mutation of [...bodyMutations(organizationBody, live), ...shownMutations(live)]) {
      const path = `${ACCOUNT}/access/organizations`;
      drift.api.shown = { path, value: changed(live, mutation) };
      const look = await drift.look();
      drift.api.shown = undefined;
      const found = told(look).filter((line) => !known.includes(line));
      const listed = look.unseen.filter(({ what }) => what === "settings of the Zero Trust organization");
      expect(listed).toHaveLength(1);
      expect(found).toEqual(mutation.path === "auth_domain" ? ["organization Zero Trust: auth_domain"] : []);
      outcomes.push(found.length > 0 ? "found" : "not visible");
    }
    console.info(
      `organization: ${outcomes.length} fields, found ${outcomes.filter((is) => is === "found").length}`,
    );
  });
});

describe("a check that cannot be made", () => {
  test.each([
    ["the Access applications"],
    ["the identity providers"],
    ["the DNS records of the stack's names"],
  ])("is a failure that names what is not known: %s", async (what) => {
    drift.api.refused = what;
    const look = await drift.look();
    drift.api.refused = undefined;
    expect(look.failures).toEqual([
      { what, why: expect.stringMatching(/^could not read .* \(HTTP 403, code 10000\)/) },
    ]);
    expect(look.access.undecided.map(({ text }) => text)).toEqual([`${what} could not be read`]);
  });
});

describe("objects of the stack that are gone", () => {
  test("are named, with what stands in their place", async () => {
    const application = await drift.read(drift.pathOf("application"));
    const alert = await drift.read(drift.pathOf("notification policy", "token-expiry"));
    const token = drift.pathOf("service token");
    for (const { path } of drift.objects().filter(({ kind }) => kind.subject === "DNS record"))
      await api("DELETE", path);
    await api("DELETE", drift.pathOf("application"));
    await api("DELETE", drift.pathOf("policy", "comfyui-google-email"));
    await api("DELETE", drift.pathOf("policy", "comfyui-service-token"));
    await api("DELETE", token);
    await api("DELETE", drift.pathOf("notification policy", "token-expiry"));
    await api("DELETE", drift.pathOf("identity provider"));
    const { id: successor } = await api<{ id: string }>("POST", `${ACCOUNT}/access/apps`, {
      type: "self_hosted",
      name: application["name"],
      destinations: [{ type: "public", uri: "elsewhere.datacrew.space" }],
    });
    await api("POST", `${ACCOUNT}/alerting/v3/policies`, alert);
    await api("DELETE", drift.pathOf("tunnel"));
    const look = await drift.look();
    expect(told(look)).toEqual([
      "application comfyui: deleted",
      "policy comfyui-google-email: deleted",
      "policy comfyui-service-token: deleted",
      "identity provider Google: deleted",
      "service token comfyui-api: deleted",
      "tunnel comfyui-dev: deleted",
      "tunnel configuration ingress: deleted",
      `DNS record ${HOST}: deleted`,
      "notification policy comfyui-access-dev token-expiry: deleted",
    ]);
    expect(look.changes[0]?.detail).toBe(`another one of that name is there: ${successor}`);
    expect(look.changes.at(-1)?.detail).toMatch(/^another one of that name is there: /);
    expect(look.failures).toEqual([]);
  });
});
