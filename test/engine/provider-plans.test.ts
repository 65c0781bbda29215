import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FlatRig, named, nameOf, type PlainRequest, type StoredResource } from "./flat/rig";

type Recorded = PlainRequest & { phase: string };

const fixtures = join(__dirname, "..", "fixtures");
const recorded = readFileSync(join(fixtures, "provider-requests.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Recorded);
const measured = JSON.parse(readFileSync(join(fixtures, "provider-state.json"), "utf8")) as Record<
  string,
  { id: string; inputs: object; outputs: object; additionalSecretOutputs: string[] | null }
>;

/** What the measured API did not answer with, and the sandbox does. */
const MORE_OUTPUTS: Record<string, string[]> = {
  DnsRecord: ["createdOn", "meta", "modifiedOn", "proxiable", "tags"],
  ZeroTrustAccessApplication: ["domain"],
  ZeroTrustTunnelCloudflared: ["accountTag", "connections", "metadata", "remoteConfig", "status", "tunType"],
  ZeroTrustTunnelCloudflaredConfig: ["createdAt", "source", "version"],
};

/** What an update sends back of those. */
const MORE_SENT: [path: string, field: string][] = [
  ["/access/apps/", "domain"],
  ["/dns_records/", "tags"],
];

/** Names of the fixtures for the objects of the program. */
const NAMES: Record<string, string> = {
  "DnsRecord comfyui": "record",
  "NotificationPolicy expiry": "alert_policy",
  "ZeroTrustAccessApplication comfyui": "app",
  "ZeroTrustAccessIdentityProvider google": "idp",
  "ZeroTrustAccessPolicy google-email": "policy_google_email",
  "ZeroTrustAccessPolicy service-token": "policy_service_token",
  "ZeroTrustAccessServiceToken comfyui-api": "token",
  "ZeroTrustTunnelCloudflared comfyui": "tunnel",
};

const UPDATES = {
  alert: { enabled: false },
  app: { sessionDuration: "12h" },
  emailPolicy: { includes: [{ email: { email: "a@b.c" } }, { emailDomain: { domain: "datacrew.space" } }] },
  idp: { name: "G2" },
  otherRules: true,
  record: { comment: "c" },
  token: { clientSecretVersion: 2, previousClientSecretExpiresAt: "2026-12-01T00:00:00Z" },
  tunnel: { name: "comfyui2" },
};

let rig: FlatRig;
const names: Record<string, string> = {};

beforeAll(async () => {
  rig = await FlatRig.open();
});

afterAll(() => rig?.close());

/** The recorded requests of a phase, with the secrets masked as the sandbox's log masks them. */
function recording(phase: string): string[] {
  return recorded
    .filter((request) => request.phase === phase)
    .map(({ phase: _, ...request }) => canonical(masked(request)));
}

function masked(request: PlainRequest): PlainRequest {
  const text = JSON.stringify(request).replace(/"(tunnel_secret|client_secret)":"[^"]*"/g, '"$1":"(secret)"');
  return JSON.parse(text) as PlainRequest;
}

/** Two requests that say the same have the same text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

async function sent(): Promise<string[]> {
  return (await rig.requests(names)).map((request) => canonical(withoutMore(request)));
}

/** The request without what it sends back of an answer that the measured API did not give. */
function withoutMore(request: PlainRequest): PlainRequest {
  if (request.method !== "PUT") return request;
  const more = MORE_SENT.filter(([path]) => request.path.includes(path)).map(([, field]) => field);
  const body = Object.entries(request.body ?? {}).filter(([field]) => !more.includes(field));
  return { ...request, body: Object.fromEntries(body) };
}

function learn(resources: StoredResource[]): void {
  for (const { urn, id, outputs } of resources) {
    const name = NAMES[nameOf(urn)];
    if (name === undefined || id === undefined) continue;
    // The record that replaces another is the second of its name.
    names[id] =
      name === "record" && Object.values(names).includes("record") && names[id] === undefined
        ? "record_2"
        : (names[id] ?? name);
    if (name === "app") names[String(outputs?.["aud"])] = "aud";
  }
}

/** Values in clear, and what no run repeats, in the fixture's words. */
function comparable(resource: StoredResource, part: "inputs" | "outputs"): Record<string, unknown> {
  const more = MORE_OUTPUTS[resource.type.split(":").at(-1) ?? ""] ?? [];
  const kept = Object.entries(resource[part] ?? {}).filter(
    // That recording leaves out which version of the state's form it is; the replay of the plans compares it.
    ([name]) => part === "inputs" || !(more.includes(name) || name === "__meta"),
  );
  const text = JSON.stringify(named(Object.fromEntries(kept), names))
    .replace(
      /\{"4dabf18193072939515e22adb298388d":"1b47061264138c4ac30d75fd1eb44270","plaintext":"[^}]*"\}/g,
      '"(secret)"',
    )
    // The sandbox also shows where Google has to send the user back to.
    .replace(/,"redirectUrl":"[^"]*"/, "")
    .replace(/"clientId":"[0-9a-f]{32}\.access"/, '"clientId":"{token hex}.access"')
    .replace(/"(createdAt|expiresAt)":"[^"]*"/g, '"$1":"(time)"');
  return JSON.parse(text) as Record<string, unknown>;
}

function fixtureOf(resource: StoredResource, part: "inputs" | "outputs"): unknown {
  const found = measured[`${resource.type} ${resource.urn.split("::").at(-1)}`];
  const text = JSON.stringify(found?.[part]).replace(/"(createdAt|expiresAt)":"[^"]*"/g, '"$1":"(time)"');
  return JSON.parse(text);
}

// One stack lives through these tests, in their order, as the recorded one did.
describe("the sandbox's provider sends and keeps what the real one does", () => {
  test("create: one write per object, with the recorded bodies", async () => {
    const result = await rig.must(["up", "--yes", "--skip-preview"]);
    learn(await rig.state());
    const requests = await sent();
    expect(requests.toSorted()).toEqual(recording("create").toSorted());
    const paths = requests.map((request) =>
      (JSON.parse(request) as PlainRequest).path.split("/").slice(3).join("/"),
    );
    const chain = ["access/identity_providers", "access/policies", "access/policies", "access/apps"];
    expect(paths.filter((path) => chain.includes(path))).toEqual(chain);
    expect(paths.at(-1)).toBe("cfd_tunnel/{tunnel}/configurations");
    expect(result.stdout).toContain("warning: destroying this resource sends nothing");
  });

  test("state: the recorded inputs, outputs and secret outputs", async () => {
    const resources = (await rig.state()).filter(({ id }) => id !== undefined);
    const held = resources.map(({ type, urn }) => `${type} ${urn.split("::").at(-1)}`);
    expect(held.toSorted()).toEqual(Object.keys(measured).toSorted());
    for (const resource of resources) {
      const label = nameOf(resource.urn);
      expect(comparable(resource, "inputs"), label).toEqual(fixtureOf(resource, "inputs"));
      expect(comparable(resource, "outputs"), label).toEqual(fixtureOf(resource, "outputs"));
      const found = measured[`${resource.type} ${resource.urn.split("::").at(-1)}`];
      expect(resource.additionalSecretOutputs ?? null, label).toEqual(found?.additionalSecretOutputs ?? null);
    }
  });

  test("no change: an empty plan and no request", async () => {
    expect(await rig.plan()).toEqual([]);
    expect(await sent()).toEqual([]);
  });

  test("refresh: one GET per object, and nothing has changed", async () => {
    const result = await rig.must(["refresh", "--yes", "--skip-preview", "--expect-no-changes"]);
    expect((await sent()).toSorted()).toEqual(recording("refresh").toSorted());
    expect(result.stdout).toContain("10 unchanged");
  });
});

describe("the plan says what the real provider's plan says", () => {
  const everywhere = (op: string) => Object.keys(NAMES).map((name) => `${op} ${name}`);

  test("update: names, settings and rules, and nothing else", async () => {
    await rig.change({
      ...UPDATES,
      idp: { name: "G2", config: { clientId: "y.apps.googleusercontent.com", clientSecret: "GOCSPX-abc" } },
      app: { type: "bookmark", skipInterstitial: true },
      token: { duration: "4380h", name: "other" },
      tokenPolicy: { decision: "allow" },
      record: { name: "other.datacrew.space", proxied: false, ttl: 300 },
    });
    expect(await rig.plan()).toEqual(
      [...everywhere("update"), "update ZeroTrustTunnelCloudflaredConfig comfyui"].toSorted(),
    );
  });

  test("an identity provider's name leaves policies and application alone", async () => {
    await rig.change({ idp: { name: "G2" } });
    expect(await rig.plan()).toEqual(["update ZeroTrustAccessIdentityProvider google"]);
  });

  test("replace: a provider's type, and the users of its id are updated", async () => {
    await rig.change({ idp: { type: "github" }, record: { type: "A", content: "192.0.2.1" } });
    expect(await rig.plan()).toEqual([
      "replace DnsRecord comfyui",
      "replace ZeroTrustAccessIdentityProvider google",
      "update ZeroTrustAccessApplication comfyui",
      "update ZeroTrustAccessPolicy google-email",
    ]);
  });

  test("replace: a tunnel's configSrc, with its configuration; the record is updated", async () => {
    await rig.change({ tunnel: { configSrc: "local" } });
    expect(await rig.plan()).toEqual([
      "replace ZeroTrustTunnelCloudflared comfyui",
      "replace ZeroTrustTunnelCloudflaredConfig comfyui",
      "update DnsRecord comfyui",
    ]);
  });

  test("replace: an object that moves to another account", async () => {
    const accountId = "ffffffffffffffffffffffffffffffff";
    await rig.change({ alert: { accountId }, token: { accountId }, record: { zoneId: accountId } });
    expect(await rig.plan()).toEqual([
      "replace DnsRecord comfyui",
      "replace NotificationPolicy expiry",
      "replace ZeroTrustAccessServiceToken comfyui-api",
      "update ZeroTrustAccessPolicy service-token",
    ]);
  });

  test("accepted: no policies, no catch-all, a proxied record with a ttl; nothing for a duration left out", async () => {
    await rig.change({
      app: { policies: [] },
      record: { ttl: 300 },
      without: ["catch-all", "emailPolicy.sessionDuration"],
    });
    expect(await rig.plan()).toEqual([
      "update DnsRecord comfyui",
      "update ZeroTrustAccessApplication comfyui",
      "update ZeroTrustTunnelCloudflaredConfig comfyui",
    ]);
  });

  test.each([{ clientSecretVersion: 1 }, { previousClientSecretExpiresAt: "2026-12-01T00:00:00Z" }])(
    "refused before anything is sent: a token with %o alone",
    async (token) => {
      await rig.change({ token });
      const result = await rig.run(["preview"]);
      expect(result.code).not.toBe(0);
      expect(result.stdout).toContain("give both or neither");
    },
  );

  test("none of it asked the API anything", async () => {
    expect(await sent()).toEqual([]);
  });
});

describe("the sandbox's provider changes what the real one changes", () => {
  test("update: eight objects, with the recorded bodies", async () => {
    await rig.change(UPDATES);
    await rig.must(["up", "--yes", "--skip-preview"]);
    expect((await sent()).toSorted()).toEqual(recording("update").toSorted());
  });

  test("replace: back to the start, but for a record of another type", async () => {
    await rig.change({ record: { type: "A", content: "192.0.2.1" } });
    await rig.must(["up", "--yes", "--skip-preview"]);
    learn(await rig.state());
    const requests = await sent();
    expect(requests.toSorted()).toEqual(recording("replace").toSorted());
    expect(requests.at(-1)).toBe(recording("replace").at(-1));
  });

  test("destroy: users first, and no call for the tunnel's configuration", async () => {
    await rig.must(["destroy", "--yes", "--skip-preview"]);
    const requests = await sent();
    expect(requests.toSorted()).toEqual(recording("destroy").toSorted());
    const at = (path: string) => requests.findIndex((request) => request.includes(path));
    expect(at("/apps/")).toBeLessThan(at("{policy_google_email}"));
    expect(at("{policy_google_email}")).toBeLessThan(at("/identity_providers/"));
    expect(at("{policy_service_token}")).toBeLessThan(at("/service_tokens/"));
    expect(await rig.state()).toEqual([]);
  });
});
