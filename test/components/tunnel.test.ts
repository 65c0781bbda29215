import * as pulumi from "@pulumi/pulumi";
import { afterEach, expect, test } from "vitest";
import { connectorToken, Tunnel } from "../../components/tunnel";
import { knownValue, type Recorder, SECRET, startMocks, UNKNOWN } from "../support/mocks";

let run: Recorder;
afterEach(() => run?.settled());

const id = "id-of-ZeroTrustTunnelCloudflared-tunnel";

test.each(["preview", "update"] as const)("an owned tunnel gets its own secret, in %s", async (mode) => {
  run = await startMocks(mode);
  const tunnel = new Tunnel("tunnel", { accountId: "account", tunnel: { name: "comfyui-dev" } });
  const known = await knownValue(tunnel.tunnelId);
  await run.settled();
  const owned = run.resource("ZeroTrustTunnelCloudflared", "tunnel");
  const bytes = run.resource("RandomBytes", "tunnel-secret");
  expect(known).toBe(mode === "preview" ? UNKNOWN : id);
  expect(owned.inputs).toEqual({
    accountId: "account",
    name: "comfyui-dev",
    configSrc: "cloudflare",
    tunnelSecret: SECRET,
  });
  expect(bytes.inputs).toEqual({ length: 32 });
  expect(owned.dependencies).toContain(bytes.urn);
  expect([owned.parent, bytes.parent]).toEqual(Array(2).fill(run.resource("Tunnel", "tunnel").urn));
});

test("the connector token is computed, and secret", async () => {
  run = await startMocks("update");
  const { connectorToken: token } = new Tunnel("tunnel", {
    accountId: "account",
    tunnel: { name: "comfyui-dev" },
  });
  if (!token) throw new Error("an owned tunnel has a connector token");
  expect(await pulumi.isSecret(token)).toBe(true);
  const decoded = JSON.parse(Buffer.from(String(await knownValue(token)), "base64").toString());
  expect(decoded).toEqual({ a: "account", t: id, s: Buffer.alloc(32, 7).toString("base64") });
});

test("the connector token is the base64 of account, tunnel and secret", () => {
  expect(connectorToken("a1", "t1", "s1")).toBe("eyJhIjoiYTEiLCJ0IjoidDEiLCJzIjoiczEifQ==");
});

test("a shared tunnel is not touched and has no connector token to show", async () => {
  run = await startMocks("preview");
  const tunnel = new Tunnel("tunnel", { accountId: "account", tunnel: { id: "shared" } });
  expect(await knownValue(tunnel.tunnelId)).toBe("shared");
  expect(tunnel.connectorToken).toBeUndefined();
  await run.settled();
  expect(run.resources.filter(({ custom }) => custom)).toEqual([]);
});
