import { afterAll, beforeAll, expect, test } from "vitest";
import { readBack } from "../../packages/cli/demo/inventory";
import { TYPES } from "../../packages/cloudflare/kinds";
import { DEV_ACCOUNT_ID as accountId, DEV_ZONE_ID as zoneId } from "../../packages/sandbox/account/seed";
import { ACCESS, ACCOUNT, openRig, RECORDS, type Rig } from "../doctor/rig";

let rig: Rig;
beforeAll(async () => {
  rig = await openRig();
});
afterAll(() => rig.close());

test("objects of a state are read back where the table of kinds says that they are", async () => {
  const made = async (path: string, body: Record<string, unknown>) =>
    String((await rig.send("POST", path, body))["id"]);
  const tunnelId = await made(`${ACCOUNT}/cfd_tunnel`, { name: "t", config_src: "cloudflare" });
  const ingress = [{ hostname: "a.datacrew.space", service: "http://a:1" }, { service: "http_status:404" }];
  await rig.send("PUT", `${ACCOUNT}/cfd_tunnel/${tunnelId}/configurations`, { config: { ingress } });
  const record = { type: "CNAME", name: "a.datacrew.space", content: "b.example", proxied: true };
  const recordId = await made(RECORDS, record);
  const tokenId = await made(`${ACCESS}/service_tokens`, { name: "s" });

  const resource = (type: string, id: string, outputs: Record<string, unknown>) => {
    return { urn: `urn:pulumi:s::p::${type}::n`, type, id, custom: true, outputs };
  };
  const resources = [
    resource(TYPES.dnsRecord, recordId, { zoneId }),
    resource(TYPES.sharedIngress, `${accountId}/${tunnelId}`, { accountId, tunnelId }),
    resource(TYPES.ownIngress, tunnelId, { accountId, tunnelId }),
    resource(TYPES.tunnel, tunnelId, { accountId }),
    resource(TYPES.token, tokenId, { accountId }),
  ];
  const { apiUrl: baseURL, tokens } = rig.sandbox;
  const api = { baseURL, apiToken: tokens.admin, googleUrl: "http://127.0.0.1:1" };
  const rules = "a.datacrew.space → http://a:1, * → http_status:404";
  expect(await readBack({ deployment: { resources } }, api)).toEqual([
    { kind: "service token", name: "s", id: tokenId, detail: expect.stringMatching(/^expires \d{4}-/) },
    { kind: "tunnel", name: "t", id: tunnelId, detail: "inactive" },
    { kind: "tunnel ingress", name: "n", id: tunnelId, detail: rules },
    { kind: "tunnel ingress", name: "n", id: tunnelId, detail: rules },
    { kind: "DNS record", name: "a.datacrew.space", id: recordId, detail: "CNAME, proxied" },
  ]);
});
