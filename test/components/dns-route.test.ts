import { afterEach, expect, test } from "vitest";
import { DnsRoute, ownerComment } from "../../components/dns-route";
import { UserError } from "../../packages/base/errors";
import { type Recorder, startMocks } from "../support/mocks";

let run: Recorder;
afterEach(() => run?.settled());

const args = { zoneId: "zone", hostname: "comfyui.datacrew.space", tunnelId: "tunnel", comment: "ours" };

test("the name is a proxied CNAME to the tunnel, marked as the stack's", async () => {
  run = await startMocks("update");
  new DnsRoute("comfyui", args);
  await run.settled();
  expect(run.resource("DnsRecord", "comfyui").inputs).toEqual({
    zoneId: "zone",
    name: "comfyui.datacrew.space",
    type: "CNAME",
    content: "tunnel.cfargotunnel.com",
    proxied: true,
    ttl: 1,
    comment: "ours",
  });
});

test("a proxied record with a ttl, and one that is not proxied, are refused before the provider", async () => {
  run = await startMocks("update");
  expect(() => new DnsRoute("comfyui", { ...args, ttl: 300 })).toThrow(UserError);
  expect(() => new DnsRoute("comfyui", { ...args, proxied: false })).toThrow("is not proxied");
  await run.settled();
  expect(run.resources).toEqual([]);
});

test("the owner's comment fits the API's limit", () => {
  expect(ownerComment("comfyui-access", "dev")).toBe("comfyui-access comfyui-access/dev");
  expect(ownerComment("comfyui-access", "s".repeat(100))).toHaveLength(100);
});
