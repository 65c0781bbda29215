import { beforeAll, expect, test } from "vitest";
import { urnOf } from "../../components/declaration";
import { fieldsOf } from "../../packages/base/json-values";
import { withInlinePolicies } from "../../packages/cli/adopt/inline-policies";
import type { Plan } from "../../packages/cli/adopt/plan";
import type { Wire } from "../../packages/cloudflare/account-api";
import { TYPES } from "../../packages/cloudflare/kinds";
import { LIVED_IN } from "../../packages/sandbox/account/lived-in";
import { recording } from "../regressions/provider/replay";
import { edited, MINIMAL, planOf, readSeed } from "./account";

interface RecordedImport {
  type: string;
  id: string;
  "API answers": Wire;
  inputs: object;
  outputs: object;
}

const place = { project: "comfyui-access", stack: "dev" };
const meta = { __meta: '{"schema_version":"500"}' };
/** The application as an import leaves it. */
const application = {
  urn: "urn:pulumi:dev::comfyui-access::a$b::comfyui",
  type: TYPES.application,
  custom: true,
  id: LIVED_IN.application,
  inputs: { accountId: MINIMAL.accountId },
  outputs: { ...meta },
  parent: "the component",
  provider: "the provider",
};
const stateOf = (...resources: object[]) => JSON.stringify({ version: 3, deployment: { resources } });
const imports = recording<RecordedImport>("provider-imports.jsonl").filter(
  ({ type }) => type === TYPES.policy,
);

let plan: Plan;
beforeAll(async () => {
  const account = await readSeed();
  // The policies that the recording has, as inline ones of the application.
  const policies = imports.map(({ "API answers": wire }, index) => ({
    ...wire,
    decision: index === 0 ? "allow" : "non_identity",
    reusable: false,
    precedence: index + 1,
  }));
  plan = planOf(
    edited(account, "applications", LIVED_IN.application, (app) => ({ ...app, policies })),
    {
      raw: {
        ...MINIMAL,
        serviceTokens: [{ name: "comfyui-api" }],
        applications: [{ hostname: "comfyui.datacrew.space", allow: { emails: ["a@b.co"] } }],
      },
    },
  );
});

test("an inline policy stands in the copy as the real provider's import finds a reusable one", () => {
  expect(imports.length).toBeGreaterThan(1);
  const { deployment } = JSON.parse(withInlinePolicies(stateOf(application), plan.rows, place));
  const rows = plan.rows.filter(({ how }) => how === "convert, import");
  expect(rows).toHaveLength(imports.length);
  const [first, ...noted] = deployment.resources;
  expect(first).toEqual(application);
  rows.forEach((row, index) => {
    const decision = { decision: row.was?.["decision"] };
    const { inputs, outputs } = imports[index] as RecordedImport;
    expect(noted[index]).toEqual({
      urn: urnOf(row.resource as never, "comfyui-access", "dev"),
      type: TYPES.policy,
      custom: true,
      id: imports[index]?.id,
      inputs: { ...inputs, ...decision },
      outputs: { ...outputs, ...decision, ...meta },
      parent: "the component",
      provider: "the provider",
    });
  });
});

test("with every word that a rule may have, and nothing that nobody set", () => {
  const rules = [
    { service_token: { token_id: "t" } },
    { "github-organization": { name: "o", identity_provider_id: "i" } },
    { azureAD: { id: "g", identity_provider_id: "i" } },
    { any_valid_service_token: {} },
  ];
  const [row] = plan.rows.filter(({ how }) => how === "convert, import");
  const was = {
    ...row?.was,
    include: rules,
    require: [],
    approval_required: false,
    isolation_required: true,
  };
  const text = withInlinePolicies(stateOf(application), [{ ...(row as Plan["rows"][0]), was }], place);
  const [, noted] = JSON.parse(text).deployment.resources;
  expect(fieldsOf(noted.inputs)).toMatchObject({
    includes: [
      { serviceToken: { tokenId: "t" } },
      { githubOrganization: { name: "o", identityProviderId: "i" } },
      { azureAd: { id: "g", identityProviderId: "i" } },
      { anyValidServiceToken: {} },
    ],
    isolationRequired: true,
  });
  for (const name of ["requires", "approvalRequired", "reusable", "appCount", "precedence"])
    expect(noted.inputs).not.toHaveProperty(name);
});

test("a state stays to the letter where nothing is converted", () => {
  const rows = plan.rows.filter(({ how }) => how !== "convert, import");
  const state = ` ${stateOf(application)}`;
  expect(withInlinePolicies(state, rows, place)).toBe(state);
});
