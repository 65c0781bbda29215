import { afterEach, beforeEach, expect, test } from "vitest";
import type { VerifyReport, VerifyRow } from "../../packages/cli/verify/report";
import type { DeclaredProperties } from "../../packages/cli/verify/target";
import { verify } from "../../packages/cli/verify/verify";
import { type Deployed, deploy } from "./deployed";

// Other declarations than the program's own: what is expected follows them, and the edge answers accordingly.

let deployed: Deployed;
beforeEach(async () => {
  deployed = await deploy();
});
afterEach(() => deployed?.close());

async function as(declared: DeclaredProperties): Promise<VerifyReport> {
  const applications = deployed.target.applications.map((each) => ({ ...each, declared }));
  const target = { ...deployed.target, applications };
  return verify(target, {
    network: deployed.network,
    browser: false,
    only: ["nobody", "wrong-token", "valid-token"],
  });
}

const failed = ({ rows }: VerifyReport): VerifyRow[] => rows.filter(({ result }) => result === "failed");

test("service tokens alone: 401 for everybody else", async () => {
  await deployed.change.people({
    decision: "non_identity",
    include: [{ any_valid_service_token: {} }],
    require: [],
  });
  expect(failed(await as({ people: false }))).toEqual([]);
  expect(failed(await as({ people: true }))).not.toEqual([]);
});

test("service tokens alone, without the 401 setting: 403", async () => {
  await deployed.change.people({
    decision: "non_identity",
    include: [{ any_valid_service_token: {} }],
    require: [],
  });
  await deployed.change.application({ service_auth_401_redirect: false });
  expect(failed(await as({ people: false, serviceAuth401: false }))).toEqual([]);
});

test("CORS headers: Access answers preflights for the declared origin", async () => {
  const origin = "https://app.example.org";
  await deployed.change.application({
    cors_headers: {
      allowed_origins: [origin],
      allow_all_methods: true,
      allow_all_headers: true,
    },
  });
  expect(failed(await as({ preflight: { origins: [origin] } }))).toEqual([]);
});

test("CORS headers that nobody declared, for every origin, are found", async () => {
  await deployed.change.application({
    cors_headers: { allow_all_origins: true, allow_all_methods: true, allow_all_headers: true },
  });
  const rows = failed(await as({}));
  expect(rows.map(({ what, got }) => [what, got])).toEqual(Array(3).fill(["preflight", rows[0]?.got]));
  expect(rows[0]?.got).toContain("allows every origin");
});

test("preflights passed on end at the connector, which misses the JWT", async () => {
  await deployed.change.application({ options_preflight_bypass: true });
  expect(failed(await as({ preflight: "passed-on" }))).toEqual([]);
});

test("legacy service tokens, and a mode that is not known", async () => {
  const { store } = deployed.sandbox;
  for (const organization of store.organizations.all()) {
    const fields = { ...organization.fields, strict_service_token_auth: false };
    store.organizations.put({ ...organization, fields });
  }
  for (const serviceTokenMode of ["legacy", "unknown"] as const) {
    deployed = { ...deployed, target: { ...deployed.target, serviceTokenMode } };
    expect(failed(await as({}))).toEqual([]);
  }
});
