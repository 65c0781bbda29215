import { afterAll, beforeAll, expect, test } from "vitest";
import { EngineRig } from "./support";

const account = "/accounts/0123456789abcdef0123456789abcdef";

// A tunnel as others use it: rules of theirs, fields that no schema of ours knows, settings beside the list.
const theirs = {
  ingress: [
    {
      hostname: "grafana.datacrew.space",
      service: "http://localhost:3000",
      originRequest: { noTLSVerify: true },
    },
    {
      hostname: "files.datacrew.space",
      path: "^/public",
      service: "http://localhost:9000",
      futureField: { a: [1] },
    },
    { hostname: "*.datacrew.space", service: "http://localhost:8080" },
    { service: "http_status:503" },
  ],
  originRequest: { connectTimeout: 10 },
  "warp-routing": { enabled: true },
};

interface Configuration {
  config: { ingress: { hostname?: string; service: string }[] };
}

let rig: EngineRig;
let tunnelId: string;

beforeAll(async () => {
  rig = await EngineRig.open();
  const tunnel = await rig.api<{ id: string }>("POST", `${account}/cfd_tunnel`, {
    name: "house",
    config_src: "cloudflare",
  });
  tunnelId = tunnel.id;
  await rig.api("PUT", `${account}/cfd_tunnel/${tunnelId}/configurations`, { config: theirs });
  await rig.config((settings) => {
    settings.tunnel = { id: tunnelId };
  });
});

afterAll(() => rig?.close());

async function configuration(): Promise<Configuration["config"]> {
  const { config } = await rig.api<Configuration>("GET", `${account}/cfd_tunnel/${tunnelId}/configurations`);
  return config;
}

// One shared tunnel lives through these tests, in their order.
test("up puts our rule where it is reached, and leaves everybody else's as they are", async () => {
  const result = await rig.up();
  expect(result.code, result.stdout + result.stderr).toBe(0);
  const config = await configuration();
  const ours = config.ingress.filter(({ hostname }) => hostname === "comfyui.datacrew.space");
  expect(ours).toEqual([
    {
      hostname: "comfyui.datacrew.space",
      service: "http://localhost:8188",
      originRequest: { access: { required: true, teamName: "datacrew", audTag: [expect.any(String)] } },
    },
  ]);
  const others = config.ingress.filter(({ hostname }) => hostname !== "comfyui.datacrew.space");
  expect({ ...config, ingress: others }).toEqual(theirs);
  const hosts = config.ingress.map(({ hostname }) => hostname);
  expect(hosts.indexOf("comfyui.datacrew.space")).toBeLessThan(hosts.indexOf("*.datacrew.space"));
});

test("a second preview shows no changes, also after somebody added a rule of theirs", async () => {
  const config = await configuration();
  const added = { hostname: "wiki.datacrew.space", service: "http://localhost:7000" };
  await rig.api("PUT", `${account}/cfd_tunnel/${tunnelId}/configurations`, {
    config: { ...config, ingress: [added, ...config.ingress] },
  });
  for (const args of [
    ["preview", "--expect-no-changes"],
    ["refresh", "--yes"],
    ["preview", "--expect-no-changes"],
  ]) {
    const result = await rig.run(args, { as: "preview" });
    expect(result.code, `${args}: ${result.stdout}${result.stderr}`).toBe(0);
  }
  theirs.ingress = [added as (typeof theirs.ingress)[number], ...theirs.ingress];
});

test("a host name that somebody else's rule already serves is refused by the preview", async () => {
  await rig.config((settings) => {
    settings.tunnel = { id: tunnelId };
    settings.applications = [
      ...(settings.applications as object[]).map((application) => ({
        ...application,
        serviceTokens: ["comfyui-api"],
      })),
      {
        name: "wiki",
        hostname: "wiki.datacrew.space",
        service: "http://localhost:7001",
        allow: { emails: ["ops@datacrew.space"] },
        serviceTokens: [],
      },
    ];
  });
  const result = await rig.run(["preview"], { as: "preview" });
  expect(result.code).not.toBe(0);
  expect(result.stdout + result.stderr).toMatch(/wiki\.datacrew\.space/);
  await rig.config((settings) => {
    settings.tunnel = { id: tunnelId };
  });
});

test("destroy takes only our rule out, and leaves the tunnel", async () => {
  const result = await rig.run(["destroy", "--yes", "--skip-preview"]);
  expect(result.code, result.stdout + result.stderr).toBe(0);
  expect(await configuration()).toEqual(theirs);
});
