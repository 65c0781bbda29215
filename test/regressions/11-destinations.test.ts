import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { applicationFor } from "../../packages/access";
import { hostnamesOf } from "../../packages/access/addressing";
import { explain } from "../../packages/access/explain";
import { placesOf } from "../../packages/access/tests/places";
import { ProblemsError } from "../../packages/base/problems";
import { findHost } from "../../packages/cli/adopt/find";
import { accessSides } from "../../packages/cli/drift/live-access";
import { changesAround } from "../../packages/cli/drift/others";
import type { StackResource } from "../../packages/cli/stack/read-stack";
import { AccountApi, type Wire } from "../../packages/cloudflare/account-api";
import type { AccountLook } from "../../packages/cloudflare/checks/check";
import { hostnames } from "../../packages/cloudflare/checks/hostnames";
import { TYPES } from "../../packages/cloudflare/kinds";
import { leftBehind } from "../../packages/cloudflare/left-behind";
import { preflight } from "../../packages/cloudflare/preflight";
import { DEV_ACCOUNT_ID } from "../../packages/sandbox/account/seed";
import { guardFor, siteFor } from "../../packages/sandbox/edge/directory";
import { type Sandbox, startSandbox } from "../../packages/sandbox/server/server";
import { ACCESS, RECORDS, testClient } from "../sandbox/client";

const HOST = "comfyui.datacrew.space";
const at = (uri: string): Wire => ({ destinations: [{ type: "public", uri }] });

type Reading = "itself" | "path" | "wildcard" | "elsewhere";

/** How somebody else's application may say where it stands, and what that is to the host name. */
const SPELLINGS: [fields: Wire, reading: Reading, inSandbox: "refused" | "taken"][] = [
  [at(HOST), "itself", "refused"],
  [at(HOST.toUpperCase()), "itself", "refused"],
  [at(`${HOST}/`), "itself", "refused"],
  [at(`${HOST}/*`), "itself", "taken"],
  [at(`${HOST.toUpperCase()}/*`), "itself", "taken"],
  [{ domain: HOST }, "itself", "refused"],
  [{ domain: `${HOST}/` }, "itself", "refused"],
  [{ domain: `${HOST}/*` }, "itself", "taken"],
  [{ self_hosted_domains: ["notes.datacrew.space", HOST], domain: HOST }, "itself", "refused"],
  [{ self_hosted_domains: ["notes.datacrew.space", `${HOST}/*`], domain: `${HOST}/*` }, "itself", "taken"],
  [at(`${HOST}/api`), "path", "taken"],
  [at(`${HOST}/api/`), "path", "taken"],
  [at(`${HOST.toUpperCase()}/api/*`), "path", "taken"],
  [{ domain: `${HOST}/api` }, "path", "taken"],
  [at("*.datacrew.space"), "wildcard", "taken"],
  [at("*.datacrew.space/*"), "wildcard", "taken"],
  [at("*ui.datacrew.space/api"), "wildcard", "taken"],
  [at("*.*.datacrew.space"), "elsewhere", "taken"],
  [at("xcomfyui.datacrew.space"), "elsewhere", "taken"],
  [at("notes.datacrew.space/comfyui.datacrew.space"), "elsewhere", "taken"],
  [{ ...at(HOST), type: "bookmark" }, "elsewhere", "taken"],
];
const named = SPELLINGS.map(([fields, ...rest]) => [JSON.stringify(fields), fields, ...rest] as const);

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ rateLimit: false });
});
beforeEach(() => sandbox.reset());
afterAll(() => sandbox.close());

/** What the sandbox's API shows of an application that was made so. */
async function shownOf(fields: Wire): Promise<Wire> {
  const api = new AccountApi({
    accountId: DEV_ACCOUNT_ID,
    token: sandbox.tokens.admin,
    baseUrl: sandbox.apiUrl,
  });
  const body = { type: "self_hosted", name: "theirs", ...fields };
  return api.write("post", api.below("access/apps"), { action: "make", object: "application", body });
}

/** The answer of an older API, which shows the field alone that it was given. */
const legacyOf = (fields: Wire): Wire => ({
  id: "theirs",
  name: "theirs",
  type: "self_hosted",
  policies: [],
  ...fields,
});

async function doctorSays(other: Wire): Promise<Reading> {
  const look = {
    config: { applications: [{ name: "comfyui", hostname: HOST }] },
    account: { applications: async () => [other] },
    isOurs: () => false,
  } as unknown as AccountLook;
  const { findings } = await hostnames.run(look);
  const [found] = findings;
  return found === undefined
    ? "elsewhere"
    : ((found.code === "hostname-taken" ? "itself" : found.code.replace("hostname-", "")) as Reading);
}

function adoptSays(other: Wire): Reading {
  const { application, paths, wildcards } = findHost(
    {
      zoneId: "",
      applications: [other],
      policies: [],
      identityProviders: [],
      serviceTokens: [],
      tunnels: [],
      ingress: {},
      originRequest: {},
      records: [],
      alerts: [],
    },
    HOST,
  );
  if (application !== undefined) return "itself";
  return paths.length > 0 ? "path" : wildcards.length > 0 ? "wildcard" : "elsewhere";
}

/** By what somebody has done to the account beside the stack, and by who gets in now. */
function driftSays(other: Wire): { finding: boolean; side: boolean } {
  const own = { urn: "urn:ours", type: TYPES.application, id: "ours", name: "comfyui" };
  const resource = { ...own, inputs: at(HOST), outputs: at(HOST) } as unknown as StackResource;
  const live = { ...at(HOST), id: "ours", name: "comfyui", type: "self_hosted", policies: [] };
  const account = {
    objects: new Map([[own.urn, live]]),
    successors: new Map(),
    applications: [live, other],
    failures: [],
  };
  const settings = { config: { tunnel: { name: "comfyui-dev" } } } as never;
  const changes = changesAround({ account, resources: [resource], settings }, {
    authDomain: "datacrew",
  } as never);
  const { after } = accessSides(account, [resource]);
  return {
    finding: changes.some(({ subject, id }) => subject === "application" && id === other["id"]),
    side: after.applications.some(({ id }) => id === other["id"]),
  };
}

async function previewRefuses(): Promise<boolean> {
  const args = {
    accountId: DEV_ACCOUNT_ID,
    zone: "datacrew.space",
    teamName: "datacrew",
    applications: [{ name: "comfyui", hostname: HOST }],
    tunnel: { name: "comfyui-dev" },
    google: {},
    ownerComment: "comfyui-access comfyui-access/dev",
    adopted: [],
  };
  const outcome = await preflight(args, { baseUrl: sandbox.apiUrl, token: sandbox.tokens.preview }).catch(
    (error: unknown) => error,
  );
  return (
    outcome instanceof ProblemsError &&
    outcome.problems.some(({ path }) => path === "applications[0].hostname")
  );
}

describe("11: a destination is read in one way", () => {
  test.each(named)("%s, by doctor, preview and adopt alike", async (_, fields, reading) => {
    const shown = await shownOf(fields);
    for (const other of [shown, legacyOf(fields)]) {
      expect(await doctorSays(other)).toBe(reading);
      expect(adoptSays(other)).toBe(reading);
      const isBefore = reading === "itself" || reading === "path";
      expect(driftSays(other)).toEqual({ finding: isBefore, side: isBefore });
    }
    expect(await previewRefuses()).toBe(reading === "itself");
  });

  test.each(named)("%s, as the sandbox's API and edge take it", async (_, fields, reading, inSandbox) => {
    const client = testClient({ rateLimit: false });
    await client.post(RECORDS, { type: "CNAME", name: HOST, content: "x.cfargotunnel.com", proxied: true });
    expect(
      (await client.post(`${ACCESS}/apps`, { type: "self_hosted", name: "theirs", ...fields })).status,
    ).toBe(201);
    const ours = await client.post(`${ACCESS}/apps`, { type: "self_hosted", name: "ours", ...at(HOST) });
    expect(ours.code).toBe(inSandbox === "refused" ? 11010 : undefined);
    const site = siteFor(client.store, HOST);
    if (site === undefined) throw new Error("the record leads nowhere");
    const answering = ["/", "/api/prompt"].map(
      (path) => guardFor(client.store, site, path)?.application.fields.name,
    );
    // Whatever the sandbox refuses, or has another application answer at the root, is ours to see before.
    expect(answering).toEqual(
      {
        itself: ["theirs", "theirs"],
        path: ["ours", "theirs"],
        wildcard: ["ours", "ours"],
        elsewhere: ["ours", "ours"],
      }[reading],
    );
  });

  test.each([
    at(`https://${HOST}/admin`),
    at(`${HOST}:443/admin`),
    at(`${HOST}./admin`),
    { domain: `${HOST}/admin` },
    { self_hosted_domains: ["notes.datacrew.space", `${HOST}/admin`] },
    { ...at(`${HOST}/admin`), type: "mcp_portal" },
    { ...at(`${HOST}/admin`), type: "infrastructure" },
    { ...at(`${HOST}/admin`), type: "of a kind to come" },
    { ...at(`${HOST}/admin`), type: undefined },
  ])("%j stands before a path, also for drift and for who gets in", async (fields) => {
    const other = legacyOf(fields);
    expect(await doctorSays(other)).toBe("path");
    expect(driftSays(other)).toEqual({ finding: true, side: true });
    const { after } = accessSides(
      { objects: new Map(), successors: new Map(), failures: [], applications: [other] },
      [
        {
          urn: "u",
          type: TYPES.dnsRecord,
          id: "r",
          name: "comfyui",
          inputs: { name: HOST },
          outputs: {},
        } as never,
      ],
    );
    const state = { ...after, records: [], hostnames: [] };
    expect(applicationFor(state.applications, HOST, "/admin")?.id).toBe("theirs");
    expect(hostnamesOf(state)).toContain(HOST);
    expect(placesOf(state, "theirs")).toContainEqual(
      expect.objectContaining({ hostname: HOST, path: "/admin" }),
    );
    expect(() =>
      explain(state, { hostname: HOST, path: "/", caller: { nobody: true } }, new Date()),
    ).not.toThrow();
  });

  test("also when what an interrupted run left is looked for", async () => {
    const left = { ...legacyOf(at(`${HOST.toUpperCase()}/`)), name: "comfyui", policies: [{ id: "p" }] };
    const args = {
      accountId: DEV_ACCOUNT_ID,
      zoneId: "z",
      applications: [{ name: "comfyui", hostname: HOST }],
      tunnel: { id: "t" },
      adopted: [],
      seen: { applications: [left], records: [] },
    };
    const state = [{ type: "x", urn: "u", outputs: { id: "p" } }];
    const { applications } = await leftBehind(args, async () => state as never);
    expect(applications["comfyui"]?.importId).toBe(`accounts/${DEV_ACCOUNT_ID}/theirs`);
  });
});
