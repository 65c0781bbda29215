const of = (name: string) => `cloudflare:index/${name}:${name.charAt(0).toUpperCase()}${name.slice(1)}`;

const GOOGLE = "11111111-1111-4111-8111-111111111111";
const PIN = "22222222-2222-4222-8222-222222222222";
export const TOKEN = "33333333-3333-4333-8333-333333333333";

/** One resource of an exported state, as the engine writes it. */
function resource(kind: string, id: string, outputs: Record<string, unknown>) {
  const type = of(kind);
  return { urn: `urn:pulumi:t::t::${type}::${id}`, type, id, custom: true, inputs: {}, outputs };
}

export function policy(id: string, decision: string, includes: unknown[], more: object = {}) {
  return resource("zeroTrustAccessPolicy", id, { name: id, decision, includes, ...more });
}

export function application(policies: string[], more: object = {}) {
  return resource("zeroTrustAccessApplication", "app", {
    name: "comfyui",
    aud: "a".repeat(64),
    destinations: [{ type: "public", uri: "comfyui.datacrew.space" }],
    allowedIdps: [GOOGLE],
    policies: policies.map((id, index) => ({ id, precedence: index + 1 })),
    serviceAuth401Redirect: true,
    ...more,
  });
}

/** A record that leads to the stack's tunnel. */
function record(name: string) {
  return resource("dnsRecord", name, {
    name,
    type: "CNAME",
    content: "tunnel.cfargotunnel.com",
    proxied: true,
  });
}

const people = policy("people", "allow", [{ email: { email: "artist@datacrew.space" } }], {
  requires: [{ loginMethod: { id: GOOGLE } }],
});
const machines = policy("machines", "non_identity", [{ serviceToken: { tokenId: TOKEN } }]);

const surroundings = [
  resource("zeroTrustAccessIdentityProvider", GOOGLE, {
    name: "Google",
    // Encrypted by the engine: nothing here may need it.
    config: { clientId: "x", clientSecret: { "4dabf18193072939515e22adb298388d": "x", ciphertext: "v1:…" } },
  }),
  resource("zeroTrustAccessIdentityProvider", PIN, { name: "One-time PIN" }),
  resource("zeroTrustAccessServiceToken", TOKEN, {
    name: "comfyui-api",
    clientId: "0123456789abcdef0123456789abcdef.access",
    expiresAt: "2027-11-23T00:00:00Z",
  }),
  resource("zeroTrustTunnelCloudflaredConfig", "tunnel", {
    tunnelId: "tunnel",
    config: {
      ingresses: [
        {
          hostname: "comfyui.datacrew.space",
          service: "http://localhost:8188",
          originRequest: { access: { required: true, teamName: "datacrew", audTags: ["a".repeat(64)] } },
        },
        { hostname: "notes.datacrew.space", service: "http://localhost:3000" },
        { service: "http_status:404" },
      ],
    },
  }),
  record("comfyui.datacrew.space"),
  record("notes.datacrew.space"),
];

/** The text of an export: the dev stack's own objects unless others are given. */
export function exported(own: object[] = [people, machines, application(["people", "machines"])]): string {
  return JSON.stringify({ version: 3, deployment: { resources: [...surroundings, ...own] } });
}

export { machines, people };
