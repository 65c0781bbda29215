import { afterAll, beforeAll, expect, test } from "vitest";
import { EngineRig } from "./support";

const account = "/accounts/0123456789abcdef0123456789abcdef";

// A tunnel as others use it: 25 rules of theirs, fields that no schema of ours knows, settings beside the list.
const hosts = ["grafana", "files", "wiki-old", "git", "ci", "mail", "cloud", "media"];
const theirs = {
  originRequest: { connectTimeout: 10 },
  ingress: [
    ...Array.from({ length: 23 }, (_, index) => ({
      ...(index % 3 === 0 ? { originRequest: { noTLSVerify: true, http2Origin: index % 2 === 0 } } : {}),
      service: `http://localhost:${3000 + index}`,
      ...(index >= hosts.length ? { path: `^/${index}` } : {}),
      hostname: `${index % 4 === 0 ? "Mixed." : ""}${hosts[index % hosts.length]}.datacrew.space`,
      ...(index % 5 === 0 ? { futureField: { b: [index, { z: 1, a: null }], a: "\u00e9" } } : {}),
    })),
    { hostname: "*.datacrew.space", service: "http://localhost:8080" },
    { service: "http_status:503" },
  ] as { hostname?: string; service: string }[],
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

/** Everybody else's part of the configuration, to the letter. */
async function foreign(): Promise<string> {
  const config = await configuration();
  const ingress = config.ingress.filter(({ hostname }) => hostname !== "comfyui.datacrew.space");
  return JSON.stringify({ ...config, ingress });
}

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
  expect(theirs.ingress).toHaveLength(25);
  expect(await foreign()).toBe(JSON.stringify(theirs));
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
  theirs.ingress = [added, ...theirs.ingress];
});

test("up fails visibly when it went over somebody else's write, keeps the state, and goes through the next time", async () => {
  const path = `${account}/cfd_tunnel/${tunnelId}/configurations`;
  await rig.addFaults({ method: "PUT", pathRegex: "/configurations$", action: "hold" });
  await changeService("http://localhost:9000");
  const running = rig.up();
  // The list has been read then, and the write waits.
  await rig.faultsMet();
  const config = await configuration();
  const late = { hostname: "late.datacrew.space", service: "http://localhost:1" };
  await rig.api("PUT", path, { config: { ...config, ingress: [late, ...config.ingress] } });
  await rig.releaseFaults();
  const result = await running;
  expect(result.code).not.toBe(0);
  expect(result.stdout + result.stderr).toMatch(/our rules are in place, but somebody else wrote the list/);
  expect(result.stdout + result.stderr).toMatch(/is overwritten/);

  const again = await rig.up();
  expect(again.code, again.stdout + again.stderr).toBe(0);
  const ours = (await configuration()).ingress.filter(
    ({ hostname }) => hostname === "comfyui.datacrew.space",
  );
  expect(ours).toMatchObject([{ service: "http://localhost:9000" }]);
  expect(await foreign()).toBe(JSON.stringify(theirs));
});

async function changeService(service: string): Promise<void> {
  await rig.config((settings) => {
    settings.tunnel = { id: tunnelId };
    const [first] = settings.applications as object[];
    settings.applications = [{ ...first, service }];
  });
}

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
  expect(JSON.stringify(await configuration())).toBe(JSON.stringify(theirs));
});
