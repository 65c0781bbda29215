import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Subject } from "../../packages/access";
import { outcomeOf } from "../../packages/access/endings";
import { siteOf } from "../../packages/access/site";
import type { Situation, StatePolicy } from "../../packages/access/situation";
import { type Cell, compareCallers } from "../../packages/cli/access-diff/cells";
import { align } from "../../packages/cli/access-diff/sides";
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
async function getsIn({ email, serviceTokenId }: Subject): Promise<boolean> {
  const visitor = rig.visitor();
  const arrived = rig.origin.arrived.length;
  if (typeof email === "string") await visitor.logIn(`${APP}/`, email);
  else if (typeof serviceTokenId === "string") {
    const token = [...tokens.values()].find(({ id }) => id === serviceTokenId) ?? tokens.get("other");
    const headers = {
      "cf-access-client-id": token.client_id,
      "cf-access-client-secret": token.client_secret,
    };
    await visitor.open(`${APP}/`, { headers });
  } else await visitor.open(`${APP}/`);
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
