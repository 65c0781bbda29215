import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Subject } from "../../packages/access";
import { outcomeOf } from "../../packages/access/endings";
import { siteOf } from "../../packages/access/site";
import type { Situation, StatePolicy } from "../../packages/access/situation";
import { type Cell, compareCallers } from "../../packages/cli/access-diff/cells";
import { align } from "../../packages/cli/access-diff/sides";
import { DEV_ACCOUNT_ID } from "../../packages/sandbox/account/seed";
import { ACCESS, APP, HOST, type Json, type Rig, startRig } from "../sandbox/edge/rig";
import { PROPERTY_SEED } from "../support/property-seed";
import { DOMAINS, EMAILS, policiesArbitrary, TOKENS } from "./arbitraries";

const PAIRS = 30;

const people = [...EMAILS, ...[...DOMAINS, "elsewhere.example"].map((domain) => `somebody@${domain}`)];

let rig: Rig;
/** By the id that the pools use; `other` is one that no rule names. */
const tokens = new Map<string, Json>();

beforeAll(async () => {
  rig = await startRig({
    google: { accounts: people.map((email) => ({ email, name: email, password: "sandbox" })) },
  });
  for (const name of [...TOKENS, "other"]) {
    tokens.set(name, await rig.api("POST", `${ACCESS}/service_tokens`, { name, duration: "8760h" }));
  }
}, 60_000);

afterAll(() => rig?.close());

/** The policies with the ids that the sandbox gave its tokens. */
const withIds = (policies: StatePolicy[]): StatePolicy[] =>
  JSON.parse(
    TOKENS.reduce(
      (text, name) => text.replaceAll(`"${name}"`, `"${tokens.get(name).id}"`),
      JSON.stringify(policies),
    ),
  );

function stateOf(policies: StatePolicy[]): Situation {
  return {
    applications: [
      {
        id: rig.app.id,
        name: "comfyui",
        aud: rig.app.aud,
        destinations: [{ type: "public", uri: HOST }],
        policies,
        allowedIdps: [rig.idp.id],
        serviceAuth401: false,
        preflightBypass: false,
      },
    ],
    tokens: TOKENS.map((name) => ({ id: tokens.get(name).id, name })),
    identityProviders: [{ id: rig.idp.id, name: "Google", type: "google" }],
    ingress: [
      { hostname: HOST, service: "http://localhost:8188", jwtRequired: true, audTags: [rig.app.aud] },
    ],
    records: [{ name: HOST, proxied: true, target: "house.cfargotunnel.com" }],
    tunnelId: "house",
    hostnames: [HOST],
    notJudged: [],
  };
}

async function deploy(policies: readonly StatePolicy[]): Promise<void> {
  const links = [];
  for (const [index, { name, decision, include, require, exclude }] of policies.entries()) {
    const body = { name, decision, include, require, exclude };
    const { id } = await rig.api("POST", `${ACCESS}/policies`, body);
    links.push({ id, precedence: index + 1 });
  }
  await rig.change({ policies: links });
}

/** Whether the origin answers somebody who comes for the first time. */
async function getsIn({ email, serviceTokenId }: Subject, path = "/"): Promise<boolean> {
  const visitor = rig.visitor();
  const arrived = rig.origin.arrived.length;
  if (typeof email === "string") await visitor.logIn(`${APP}${path}`, email);
  else if (typeof serviceTokenId === "string") {
    const token = [...tokens.values()].find(({ id }) => id === serviceTokenId) ?? tokens.get("other");
    const headers = {
      "cf-access-client-id": token.client_id,
      "cf-access-client-secret": token.client_secret,
    };
    await visitor.open(`${APP}${path}`, { headers });
  } else await visitor.open(`${APP}${path}`);
  return rig.origin.arrived.length > arrived;
}

test(`${PAIRS} random pairs: the edge refuses before and lets in after whom the diff says so, and no other`, async () => {
  const policies = policiesArbitrary({ circumstances: false });
  let witnesses = 0;
  for (const pair of fc.sample(fc.tuple(policies, policies), { numRuns: PAIRS, seed: PROPERTY_SEED })) {
    const [before = [], after = []] = pair.map(withIds);
    const cells = compareCallers(align(stateOf(before), stateOf(after))).flatMap((caller) => caller.cells);
    const told = cells.filter(({ change: { kind } }) => kind === "gain" || kind === "loss");
    const reached = (policies: StatePolicy[], side: "before" | "after") =>
      told.map(({ place, witness }) => {
        const site = siteOf(stateOf(policies), place);
        return outcomeOf({ site, subject: witness[side] }).verdict === "in";
      });
    const really: Record<"before" | "after", boolean[]> = { before: [], after: [] };
    for (const side of ["before", "after"] as const) {
      await deploy(side === "before" ? before : after);
      for (const { witness } of told) really[side].push(await getsIn(witness[side]));
    }
    const expected = (side: "gain" | "loss") => told.map(({ change }: Cell) => change.kind === side);
    expect(really.before, JSON.stringify([before, after])).toEqual(expected("loss"));
    expect(really.after, JSON.stringify([before, after])).toEqual(expected("gain"));
    expect(really.before).toEqual(reached(before, "before"));
    expect(really.after).toEqual(reached(after, "after"));
    witnesses += told.length;
  }
  // Pairs without a change would prove nothing.
  expect(witnesses).toBeGreaterThan(PAIRS);
}, 120_000);

/** Rules for some paths before the one for all: answered by the tunnel, unchecked, and with another audience. */
const rules = () => [
  { path: "^/status", service: "http_status:404" },
  { path: "(?i)\\.PNG$", service: "http://localhost:8188" },
  { path: "^/api/[[:alpha:]]+$", service: "http://localhost:8188", audTags: ["f".repeat(64)] },
  { service: "http://localhost:8188", audTags: [rig.app.aud] },
];
const ASKED = ["/", "/status", "/view/a.png", "/a.PNG?x=1", "/pngs", "/api/abc", "/api/1", "/%61pi/abc"];

test("rules for some paths: who gets where by reach is who gets there by the edge and the connector", async () => {
  const path = `/accounts/${DEV_ACCOUNT_ID}/cfd_tunnel/${rig.tunnelId}/configurations`;
  const ingress = rules().map(({ audTags, ...rule }) => {
    const access = audTags && { required: true, teamName: "datacrew", audTag: audTags };
    return { hostname: HOST, ...rule, ...(access === undefined ? {} : { originRequest: { access } }) };
  });
  await rig.api("PUT", path, { config: { ingress: [...ingress, { service: "http_status:404" }] } });
  const [ann] = EMAILS;
  const policy = (decision: string, rule: object) =>
    ({ id: decision, name: decision, decision, include: [rule], require: [], exclude: [] }) as StatePolicy;
  const token = policy("non_identity", { any_valid_service_token: {} });
  const people = policy("allow", { everyone: {} });
  const callers: Subject[] = [
    { email: null, serviceTokenId: null },
    { email: null, serviceTokenId: tokens.get("token-1").id },
    { email: ann, identityProviderId: rig.idp.id, serviceTokenId: null },
  ];
  const seen = new Set<string>();
  for (const policies of [[policy("bypass", { everyone: {} })], [token, people], [people]]) {
    await deploy(policies);
    const state: Situation = {
      ...stateOf(policies),
      ingress: rules().map(({ audTags = [], ...rule }) => {
        return { hostname: HOST, jwtRequired: audTags.length > 0, audTags, ...rule };
      }),
    };
    for (const at of ASKED) {
      for (const subject of callers) {
        const { verdict } = outcomeOf({ site: siteOf(state, { hostname: HOST, path: at }), subject });
        const really = (await getsIn(subject, at)) ? "in" : "out";
        expect(really, `${JSON.stringify(subject)} at ${at}, ${policies[0]?.decision}`).toBe(verdict);
        seen.add(`${at} ${verdict}`);
      }
    }
  }
  // Each rule is met, and three of them by somebody who gets there and by somebody who does not.
  expect([...seen].filter((each) => each.endsWith(" in")).length).toBeGreaterThan(4);
  expect([...seen].filter((each) => each.endsWith(" out")).length).toBeGreaterThan(4);
}, 60_000);
