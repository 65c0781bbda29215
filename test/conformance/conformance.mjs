// Takes each kind of object through its life with Cloudflare's official TypeScript package.
//
// The argument is the folder whose node_modules has it; CLOUDFLARE_BASE_URL, CLOUDFLARE_API_TOKEN, READ_ONLY_TOKEN,
// ACCOUNT_ID and ZONE_ID come from the environment. Prints one line per kind that passed; the first difference ends it.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";

const [, , folder] = process.argv;
const { default: Cloudflare } = createRequire(join(folder, "package.json"))("cloudflare");
const { ACCOUNT_ID: account_id, ZONE_ID: zone_id, READ_ONLY_TOKEN } = process.env;
const HOST = "comfyui.datacrew.space";
const client = new Cloudflare({ maxRetries: 0 });

/** Everything a list yields over all its pages, asked for one by one. */
async function ids(list) {
  const found = [];
  for await (const item of list) found.push(item.id);
  return found;
}

const refused = (call, status, code) =>
  assert.rejects(call, (error) => {
    assert.equal(error.status, status);
    if (code !== undefined)
      assert.deepEqual(
        error.errors?.map((each) => each.code),
        [code],
      );
    return true;
  });

async function accountsAndZones() {
  assert.deepEqual(await ids(client.accounts.list()), [account_id]);
  assert.equal((await client.accounts.get({ account_id })).name, "Sandbox");
  const ours = { name: "datacrew.space", account: { id: account_id } };
  assert.deepEqual(await ids(client.zones.list(ours)), [zone_id]);
  assert.equal((await client.zones.get({ zone_id })).status, "active");
  assert.equal((await client.user.tokens.verify()).status, "active");
}

async function organization() {
  const { organizations } = client.zeroTrust;
  const found = await organizations.list({ account_id });
  assert.equal(found.auth_domain, "datacrew.cloudflareaccess.com");
  const updated = await organizations.update({ account_id, session_duration: "12h" });
  assert.equal(updated.session_duration, "12h");
}

async function identityProvider() {
  const { identityProviders } = client.zeroTrust;
  const body = { account_id, type: "google", config: { client_id: "id", client_secret: "secret" } };
  const { id } = await identityProviders.create({ ...body, name: "Google" });
  assert.equal((await identityProviders.get(id, { account_id })).name, "Google");
  assert.deepEqual(await ids(identityProviders.list({ account_id, per_page: 1 })), [id]);
  assert.equal((await identityProviders.update(id, { ...body, name: "G2" })).name, "G2");
  assert.equal((await identityProviders.delete(id, { account_id })).id, id);
  await refused(identityProviders.get(id, { account_id }), 404);
}

async function policy() {
  const { policies } = client.zeroTrust.access;
  const body = { account_id, decision: "allow", include: [{ email: { email: "ann@datacrew.space" } }] };
  const { id } = await policies.create({ ...body, name: "people" });
  assert.deepEqual((await policies.get(id, { account_id })).include, body.include);
  assert.deepEqual(await ids(policies.list({ account_id })), [id]);
  assert.equal((await policies.update(id, { ...body, name: "staff" })).name, "staff");
  assert.equal((await policies.delete(id, { account_id })).id, id);
  await refused(policies.get(id, { account_id }), 404);
}

async function serviceToken() {
  const { serviceTokens } = client.zeroTrust.access;
  const made = await serviceTokens.create({ account_id, name: "comfyui-api" });
  const { id } = made;
  assert.match(made.client_secret, /^[0-9a-f]{64}$/);
  assert.equal((await serviceTokens.get(id, { account_id })).client_id, made.client_id);
  assert.deepEqual(await ids(serviceTokens.list({ account_id, name: "comfyui-api" })), [id]);
  assert.equal((await serviceTokens.update(id, { account_id, name: "renamed" })).name, "renamed");
  assert.notEqual((await serviceTokens.rotate(id, { account_id })).client_secret, made.client_secret);
  assert.notEqual((await serviceTokens.refresh(id, { account_id })).expires_at, undefined);
  assert.equal((await serviceTokens.delete(id, { account_id })).id, id);
  await refused(serviceTokens.get(id, { account_id }), 404);
}

async function application() {
  const { applications, policies } = client.zeroTrust.access;
  const nobody = { name: "nobody", decision: "deny", include: [{ everyone: {} }] };
  const { id: policyId } = await policies.create({ account_id, ...nobody });
  const body = {
    account_id,
    type: "self_hosted",
    domain: HOST,
    policies: [{ id: policyId, precedence: 1 }],
  };
  const { id } = await applications.create({ ...body, name: "ComfyUI" });
  const found = await applications.get(id, { account_id });
  assert.equal(found.domain, HOST);
  assert.deepEqual(
    found.policies.map(({ name }) => name),
    ["nobody"],
  );
  assert.deepEqual(await ids(applications.list({ account_id, domain: HOST })), [id]);
  assert.deepEqual(await ids(applications.policies.list(id, { account_id })), [policyId]);
  assert.equal((await applications.update(id, { ...body, name: "Renamed" })).name, "Renamed");
  await refused(policies.delete(policyId, { account_id }), 409);
  assert.equal((await applications.delete(id, { account_id })).id, id);
  await policies.delete(policyId, { account_id });
  await refused(applications.get(id, { account_id }), 404);
}

async function tunnel() {
  const { cloudflared } = client.zeroTrust.tunnels;
  const { id } = await cloudflared.create({ account_id, name: "comfyui", config_src: "cloudflare" });
  assert.equal((await cloudflared.get(id, { account_id })).status, "inactive");
  assert.deepEqual(await ids(cloudflared.list({ account_id, is_deleted: false })), [id]);
  assert.equal((await cloudflared.edit(id, { account_id, name: "renamed" })).name, "renamed");
  const token = JSON.parse(Buffer.from(await cloudflared.token.get(id, { account_id }), "base64").toString());
  assert.deepEqual([token.a, token.t], [account_id, id]);
  assert.deepEqual(await ids(cloudflared.connections.get(id, { account_id })), []);

  await refused(cloudflared.configurations.get(id, { account_id }), 404);
  const ingress = [
    { hostname: HOST, service: "http://localhost:8188" },
    { hostname: "", service: "http_status:404" },
  ];
  const put = await cloudflared.configurations.update(id, { account_id, config: { ingress } });
  assert.deepEqual([put.tunnel_id, put.version], [id, 1]);
  assert.deepEqual((await cloudflared.configurations.get(id, { account_id })).config, { ingress });

  await cloudflared.connections.delete(id, { account_id });
  assert.ok((await cloudflared.delete(id, { account_id })).deleted_at);
  assert.deepEqual(await ids(cloudflared.list({ account_id, is_deleted: false })), []);
}

async function dnsRecord() {
  const { records } = client.dns;
  const body = { zone_id, name: HOST, type: "CNAME", ttl: 1, proxied: true };
  const { id } = await records.create({ ...body, content: "one.cfargotunnel.com", comment: "ours" });
  assert.equal((await records.get(id, { zone_id })).content, "one.cfargotunnel.com");
  assert.deepEqual(await ids(records.list({ zone_id, name: { exact: HOST }, type: "CNAME" })), [id]);
  assert.deepEqual(await ids(records.list({ zone_id, comment: { startswith: "theirs" } })), []);
  assert.equal((await records.update(id, { ...body, content: "two.cfargotunnel.com" })).comment, null);
  assert.equal((await records.edit(id, { ...body, comment: "again" })).content, "two.cfargotunnel.com");
  assert.equal((await records.delete(id, { zone_id })).id, id);
  await refused(records.get(id, { zone_id }), 404);
}

async function notificationPolicy() {
  const { policies } = client.alerting;
  const body = {
    account_id,
    alert_type: "expiring_service_token_alert",
    enabled: true,
    mechanisms: { email: [{ id: "ann@datacrew.space" }] },
  };
  const { id } = await policies.create({ ...body, name: "expiry" });
  assert.equal((await policies.get(id, { account_id })).name, "expiry");
  assert.deepEqual(await ids(policies.list({ account_id })), [id]);
  assert.equal((await policies.update(id, { ...body, name: "expiry", enabled: false })).id, id);
  assert.equal((await policies.get(id, { account_id })).enabled, false);
  assert.equal((await policies.delete(id, { account_id })).success, true);
  await refused(policies.get(id, { account_id }), 404);
}

async function refusal() {
  const reader = new Cloudflare({ apiToken: READ_ONLY_TOKEN, maxRetries: 0 });
  await refused(reader.zeroTrust.access.serviceTokens.create({ account_id, name: "n" }), 403, 10000);
}

for (const kind of [
  accountsAndZones,
  organization,
  identityProvider,
  policy,
  serviceToken,
  application,
  tunnel,
  dnsRecord,
  notificationPolicy,
  refusal,
]) {
  await kind();
  console.log(kind.name);
}
