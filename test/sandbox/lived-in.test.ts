import { expect, test } from "vitest";
import { LIVED_IN, LIVED_IN_SEED } from "../../packages/sandbox/account/lived-in";
import { DEV_ACCOUNT_ID } from "../../packages/sandbox/account/seed";
import { ACCESS, ACCOUNT, type Json, RECORDS, testClient } from "./client";

const made = () => testClient({ seed: LIVED_IN_SEED, rateLimit: false });

test("is an account that people have lived in", async () => {
  const { store, get } = made();
  expect(store.applications.all()).toHaveLength(40);
  expect(store.identityProviders.all()).toHaveLength(3);
  const [rules] = store.tunnelConfigurations.all().map(({ config }) => config.ingress as object[]);
  expect(rules).toHaveLength(25);
  expect(store.policies.where(({ appId }) => appId === null)).toHaveLength(4);
  expect(store.policies.where(({ appId }) => appId !== null).length).toBeGreaterThan(15);
  const organization = (await get(`${ACCESS}/organizations`)).result;
  expect(organization.strict_service_token_auth).toBeUndefined();
  const comfyui = (await get(`${ACCESS}/apps/${LIVED_IN.application}`)).result;
  expect(comfyui.policies.map((policy: Json) => [policy.decision, policy.reusable])).toEqual([
    ["allow", false],
    ["non_identity", false],
  ]);
  expect(store.dnsRecords.get(LIVED_IN.record)?.content).toBe(`${LIVED_IN.tunnel}.cfargotunnel.com`);
});

test("is the same every time", () => {
  const [one, other] = [made(), made()].map(({ store }) => store.snapshot());
  const fixed = ({ organizations: _, zones: __, apiTokens: ___, ...rest }: NonNullable<typeof one>) => rest;
  expect(one && fixed(one)).toEqual(other && fixed(other));
  expect(one?.organizations[0]?.id).toBe(DEV_ACCOUNT_ID);
});

test("holds nothing that the API would not take: writing back what is read changes no field", async () => {
  const { get, put } = made();
  const lists = [
    `${ACCESS}/apps`,
    `${ACCESS}/policies`,
    `${ACCESS}/identity_providers`,
    `${ACCESS}/service_tokens`,
    `${ACCOUNT}/alerting/v3/policies`,
    RECORDS,
    `${ACCOUNT}/cfd_tunnel/${LIVED_IN.tunnel}/configurations`,
  ];
  const changing = /^(updated_at|modified|modified_on|version|created_at)$/;
  const lasting = (value: Json): Json =>
    JSON.parse(JSON.stringify(value, (key, each) => (changing.test(key) ? undefined : each)));
  let written = 0;
  for (const path of lists) {
    const { result } = await get(path);
    for (const object of Array.isArray(result) ? result : [result]) {
      const at = Array.isArray(result) ? `${path}/${object.id}` : path;
      const before = lasting(object);
      const answer = await put(at, Array.isArray(result) ? object : { config: object.config });
      expect(answer.status, `${at}: ${answer.text}`).toBe(200);
      expect(lasting((await get(at)).result), at).toMatchObject(before);
      written++;
    }
  }
  expect(written).toBeGreaterThan(90);
});
