import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { request } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { adopt } from "../../../packages/cli/adopt/adopt";
import { type OpenAdoption, sandboxedAdoption } from "../../../packages/cli/adopt/open";
import { dispatcherFor } from "../../../packages/client/typescript/network";
import { LIVED_IN, LIVED_IN_SEED, scriptsHeaders } from "../../../packages/sandbox/account/lived-in";
import { LIVED_IN_CONFIG } from "../../engine/lived-in-config";
import { EngineRig } from "../../engine/support";

const ACCOUNT = "0123456789abcdef0123456789abcdef";
const HOST = "comfyui.datacrew.space";
const APP = `/accounts/${ACCOUNT}/access/apps/${LIVED_IN.application}`;
const RULES = `/accounts/${ACCOUNT}/cfd_tunnel/${LIVED_IN.tunnel}/configurations`;

type Fields = Record<string, unknown>;

let rig: EngineRig;
let open: OpenAdoption;
let dispatcher: ReturnType<typeof dispatcherFor>;
let file: string;

beforeAll(async () => {
  rig = await EngineRig.open({ seed: LIVED_IN_SEED, access: true, rateLimit: false });
  const { access } = rig.session;
  if (access === undefined) throw new Error("the session has no edge");
  access.connectAll();
  dispatcher = dispatcherFor(access.network);
  file = join(rig.dir, "Pulumi.dev.yaml");
  await writeFile(file, LIVED_IN_CONFIG);
  open = await sandboxedAdoption(rig.session, "dev", file);
});
afterAll(() => rig?.close());

const TOKEN = scriptsHeaders("comfyui-api");
const PREFLIGHT = { origin: "https://studio.example.org", "access-control-request-method": "GET" };
/** Who asks for what. */
const PANEL: Record<string, [method: "GET" | "OPTIONS", path: string, headers: Record<string, string>]> = {
  stranger: ["GET", "/system_stats", {}],
  "stranger on a path": ["GET", "/public/system_stats", {}],
  script: ["GET", "/system_stats", TOKEN],
  "script with an unknown secret": [
    "GET",
    "/system_stats",
    { ...TOKEN, "CF-Access-Client-Secret": "0".repeat(64) },
  ],
  "script with one header": ["GET", "/system_stats", { authorization: JSON.stringify(TOKEN) }],
  "page of another origin": ["OPTIONS", "/system_stats", PREFLIGHT],
};

/** What each is answered; that a refusal is told with another status is no other answer. */
async function answers(): Promise<Record<string, string>> {
  const asked = Object.entries(PANEL).map(async ([who, [method, path, headers]]) => {
    const { statusCode, body } = await request(`https://${HOST}${path}`, {
      method,
      headers,
      dispatcher,
      reset: true,
    });
    const text = await body.text();
    const said = text.includes("comfyui_version")
      ? "ComfyUI"
      : [302, 401, 403].includes(statusCode)
        ? "refused"
        : String(statusCode);
    return [who, said] as const;
  });
  return Object.fromEntries(await Promise.all(asked));
}

const run = () =>
  adopt(open, {
    choices: { take: new Set(), convertInline: true },
    confirm: async () => true,
    log: () => {},
  });

async function change(path: string, edit: (was: Fields) => Fields): Promise<() => Promise<unknown>> {
  const was = await rig.api("GET", path);
  await rig.api("PUT", path, edit(structuredClone(was)));
  return () => rig.api("PUT", path, path === RULES ? { config: was["config"] } : was);
}

const application = (fields: Fields) => () => change(APP, (was) => ({ ...was, ...fields }));
const rule = (fields: Fields) => () =>
  change(RULES, ({ config }) => {
    const { ingress, ...rest } = config as { ingress: Fields[] };
    const changed = ingress.map((each) => (each["hostname"] === HOST ? { ...each, ...fields } : each));
    return { config: { ...rest, ingress: changed } };
  });

async function publicPath(): Promise<() => Promise<unknown>> {
  const made = await rig.api("POST", `/accounts/${ACCOUNT}/access/apps`, {
    type: "self_hosted",
    name: "Public part",
    domain: `${HOST}/public`,
    policies: [{ name: "everybody", decision: "bypass", include: [{ everyone: {} }] }],
  });
  return () => rig.api("DELETE", `/accounts/${ACCOUNT}/access/apps/${made["id"]}`);
}

const identityProviders = () =>
  rig.api<{ id: string; type: string }[]>("GET", `/accounts/${ACCOUNT}/access/identity_providers`);

async function oneTimePin(): Promise<() => Promise<unknown>> {
  const pin = (await identityProviders()).find(({ type }) => type === "onetimepin")?.id;
  return application({ allowed_idps: [pin, LIVED_IN.google], auto_redirect_to_identity: false })();
}

/** The policies written out anew, which is how the dashboard changes an inline one. */
const geo = () =>
  change(APP, (was) => ({
    ...was,
    policies: (was["policies"] as Fields[]).map(({ name, decision, include, session_duration }) => ({
      name,
      decision,
      include,
      session_duration,
      require: decision === "allow" ? [{ geo: { country_code: "NL" } }] : [],
    })),
  }));

describe("9: what the config cannot say stops an adoption, and the host name answers as before:", () => {
  test.each<[field: string, plant: () => Promise<() => Promise<unknown>>]>([
    ["originRequest.noTLSVerify", rule({ originRequest: { noTLSVerify: true } })],
    ["read_service_tokens_from_header", application({ read_service_tokens_from_header: "Authorization" })],
    [
      "cors_headers",
      application({
        cors_headers: {
          allow_all_methods: true,
          allowed_origins: [PREFLIGHT.origin],
          allow_credentials: true,
        },
      }),
    ],
    ["destinations", publicPath],
    ["allowed_idps", oneTimePin],
    ["require", geo],
  ])("%s", async (field, plant) => {
    const takeAway = await plant();
    const before = await answers();
    const [account, writes] = [JSON.stringify(await rig.account()), (await rig.writes()).length];
    const error = await run().catch((thrown: unknown) => thrown);
    expect(String(error)).toContain(`, ${field}: it is `);
    expect(await answers()).toEqual(before);
    expect(JSON.stringify(await rig.account())).toBe(account);
    expect((await rig.writes()).length).toBe(writes);
    if (plant !== geo) await takeAway();
  });
});

test("9: what passes an adoption answers the same after the next up, whatever else it changes", async () => {
  const was = await rig.api("GET", APP);
  const policies = (was["policies"] as Fields[]).map(({ name, decision, include }) => ({
    name,
    decision,
    include,
    session_duration: "1440m",
  }));
  await application({
    policies,
    destinations: [{ type: "public", uri: `${HOST.toUpperCase()}/*` }],
    domain: `${HOST.toUpperCase()}/*`,
    tags: [],
    logo_url: "https://datacrew.space/logo.svg",
    custom_deny_message: "ask ada",
    app_launcher_visible: false,
  })();
  await rule({ originRequest: { connectTimeout: 30, noTLSVerify: false, tlsTimeout: 10 } })();
  const before = await answers();
  expect(before).toMatchObject({ stranger: "refused", script: "ComfyUI" });
  const { proof } = await run();
  expect(proof?.mismatches).toEqual([]);
  const up = await rig.up();
  expect(up.code, up.stdout + up.stderr).toBe(0);
  expect(await answers()).toEqual(before);
});
