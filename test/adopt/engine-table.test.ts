import { beforeAll, describe, expect, test } from "vitest";
import { urnOf } from "../../components/declaration";
import { MASKED_VALUE, UNKNOWN_VALUE } from "../../packages/access/hidden";
import { listOf } from "../../packages/base/json-values";
import type { Account } from "../../packages/cli/adopt/account";
import { prove } from "../../packages/cli/adopt/engine-table";
import { importFile } from "../../packages/cli/adopt/import-file";
import type { Plan } from "../../packages/cli/adopt/plan";
import type { Row } from "../../packages/cli/adopt/types";
import { LIVED_IN } from "../../packages/sandbox/account/lived-in";
import { choices, MINIMAL, planOf, previewSteps, readSeed, type Step, tabled, tableOf } from "./account";

let plan: Plan;
let seed: Account;
const account = () => seed;
beforeAll(async () => {
  seed = await readSeed();
  plan = planOf(seed, { raw: { ...MINIMAL, alerts: { emails: ["ops@datacrew.space"] } } });
});

const urn = (kind: Row["kind"]) => {
  const row = plan.rows.find((each) => each.kind === kind && each.resource !== undefined);
  if (row?.resource === undefined) throw new Error(kind);
  return urnOf(row.resource, "comfyui-access", "dev");
};
const at = (kind: Row["kind"], edit: (step: Step) => Step) => (steps: Step[]) =>
  steps.map((step) => (step.urn === urn(kind) ? edit(step) : step));
const without = (kind: Row["kind"]) => (steps: Step[]) => steps.filter((step) => step.urn !== urn(kind));
/** A step with other inputs, of which the provider says so. */
const given =
  (next: Record<string, unknown>, now: Record<string, unknown> = {}) =>
  (step: Step): Step => ({
    ...step,
    op: "update",
    diffReasons: [...(step.diffReasons ?? []), ...Object.keys(next)],
    oldState: {
      inputs: { ...step.oldState?.inputs, ...now },
      outputs: { ...step.oldState?.outputs, ...now },
    },
    newState: { inputs: { ...step.newState?.inputs, ...next } },
  });
const changesOf = (kind: Row["kind"], edit: (steps: Step[]) => Step[], of = plan) =>
  Object.fromEntries(
    tableOf(of, edit(previewSteps()))
      .rows.filter((row) => row.kind === kind)
      .flatMap(({ changes }) => changes.map(({ field, now, next }) => [field, [now, next]])),
  );
const same = (steps: Step[]) => steps;

describe("the table is made of the engine's plan", () => {
  test("with the API's names, and what was there", () => {
    expect(changesOf("application", same)).toEqual({
      auto_redirect_to_identity: [false, true],
      name: ["ComfyUI", "comfyui"],
      same_site_cookie_attribute: [undefined, "lax"],
      service_auth_401_redirect: [undefined, true],
      skip_interstitial: [true, undefined],
    });
    expect(changesOf("ingress rule", same)).toMatchObject({
      "originRequest.connectTimeout": [30, undefined],
      "originRequest.access": [undefined, { required: true, teamName: "datacrew" }],
    });
    expect(changesOf("DNS record", same)).toEqual({
      comment: [undefined, "comfyui-access comfyui-access/dev"],
    });
    const { refused, updates, creates } = tableOf(plan);
    expect({ refused, updates, creates }).toEqual({ refused: [], updates: 5, creates: 2 });
  });

  test("and of the declaration's words for what only the update will tell", () => {
    const asked = planOf(account(), {
      raw: {
        ...MINIMAL,
        google: { clientId: "new.apps.googleusercontent.com", clientSecret: "GOCSPX-x" },
        tunnel: { name: "comfyui-dev" },
      },
    });
    expect(
      changesOf("application", at("application", given({ allowedIdps: [UNKNOWN_VALUE] })), asked),
    ).toMatchObject({ allowed_idps: [[LIVED_IN.google], ["(new identity provider Google)"]] });
  });

  test("a secret is said to be written, and never shown", () => {
    const google = { clientId: "482911-lived-in.apps.googleusercontent.com", clientSecret: "GOCSPX-x" };
    const taken = planOf(account(), {
      raw: { ...MINIMAL, google },
      choices: choices([`idp:${LIVED_IN.google}`]),
    });
    const login = taken.rows.find(({ kind }) => kind === "identity provider");
    const step = (now: object): Step[] => [
      {
        op: "update",
        urn: urnOf(login?.resource as never, "comfyui-access", "dev"),
        diffReasons: ["config"],
        oldState: {
          inputs: {},
          outputs: { config: { clientId: google.clientId, redirectUrl: "x", ...now } },
        },
        newState: { inputs: { config: { clientId: google.clientId, clientSecret: MASKED_VALUE } } },
      },
    ];
    const written = { "config.client_secret": ["(not shown)", "(secret of the config)"] };
    expect(changesOf("identity provider", () => step({}), taken)).toEqual(written);
    // One that the state has: the engine says that something differs, and nothing else does.
    expect(changesOf("identity provider", () => step({ clientSecret: MASKED_VALUE }), taken)).toEqual(
      written,
    );
    const other = { clientSecret: MASKED_VALUE, clientId: "other" };
    expect(changesOf("identity provider", () => step(other), taken)).toEqual({
      "config.client_id": ["other", google.clientId],
    });
    expect(JSON.stringify(taken.rows)).not.toContain("GOCSPX-x");
  });

  test("a rule that is taken out of a list is said", () => {
    const rules = [{ hostname: "old.datacrew.space", service: "http://localhost:1" }];
    const gone = at("ingress rule", (step) =>
      given({}, { rules: [...listOf(step.oldState?.inputs["rules"]), ...rules] })(step),
    );
    expect(changesOf("ingress rule", gone)).toMatchObject({ rules: [rules, undefined] });
  });

  test.each<[string, (steps: Step[]) => Step[], RegExp]>([
    [
      "replaces",
      at("application", (step) => ({ ...step, op: "replace" })),
      /Application comfyui: .*the plan says replace/,
    ],
    [
      "deletes",
      (steps) => [...steps, { op: "delete", urn: `${urn("DNS record")}2` }],
      /DnsRecord comfyui2: .*the plan says delete/,
    ],
    [
      "changes what is nobody's row",
      (steps) => [...steps, { op: "update", urn: `${urn("policy")}2` }],
      /Policy comfyui-google-email2: .*would be updated/,
    ],
    [
      "makes what is to be imported",
      at("application", ({ urn: own }) => ({ op: "create", urn: own })),
      /would be created/,
    ],
    [
      "makes something else",
      (steps) => [...steps, { op: "create", urn: `${urn("DNS record")}2` }],
      /comfyui2: .*would be created/,
    ],
    ["does not make what was said", without("alert"), /token-expiry: .*would not be created/],
    [
      "changes a field that nobody has judged",
      at("application", given({ brandNew: "on" }, { brandNew: "off" })),
      /application "ComfyUI", brand_new: it is off; .*does not know the field/,
    ],
  ])("a plan that %s is to be decided first", (_, edit, expected) => {
    const { decisions } = tabled(plan, edit(previewSteps()));
    expect(decisions.map(({ what, why }) => `${what}: ${why}`).join("\n")).toMatch(expected);
  });

  test("what only comes with an object, or holds some together, is no row", () => {
    const around = [
      "pulumi:providers:cloudflare::default_9",
      "comfyui-access:components:SecretStore::store",
      "random:index/randomBytes:RandomBytes::tunnel-secret",
      "gcp:secretmanager/secret:Secret::comfyui-api",
    ].map((name) => ({ op: "create", urn: `urn:pulumi:dev::comfyui-access::${name}` }));
    expect(tableOf(plan, [...previewSteps(), ...around]).refused).toEqual([]);
    const gone = around.slice(-1).map((step) => ({ ...step, op: "delete" }));
    expect(tableOf(plan, [...previewSteps(), ...gone]).refused).toHaveLength(1);
  });
});

const proofOf = (edit: (steps: Step[]) => Step[] = same) =>
  prove(tableOf(plan).rows, tableOf(plan, edit(previewSteps())));

test("a preview that does what the table says is the proof", () => {
  expect(proofOf()).toEqual({ mismatches: [], updates: 5, fields: 11, creates: 2 });
});

describe("no proof is a preview", () => {
  test.each<[string, (steps: Step[]) => Step[], RegExp]>([
    [
      "that replaces",
      at("application", (step) => ({ ...step, op: "replace" })),
      /Application comfyui: the plan says replace/,
    ],
    [
      "that updates what was not said",
      at("service token", given({ duration: "1h" })),
      /Token comfyui-api: duration would change too/,
    ],
    [
      "that leaves an update out",
      without("DNS record"),
      /DnsRecord comfyui: would not be updated \(comment\)/,
    ],
    ["that changes one field more", at("DNS record", given({ ttl: 300 })), /ttl would change too/],
    [
      "that changes one field less",
      at("application", (step) => {
        const named = step.diffReasons?.filter((property) => property !== "name");
        return {
          ...given({})(step),
          diffReasons: named,
          newState: { inputs: { ...step.newState?.inputs, name: "ComfyUI" } },
        };
      }),
      /name would not change/,
    ],
    [
      "that gives a field another value",
      at("DNS record", given({ comment: "mine" })),
      /comment would become something else/,
    ],
    [
      "of an object that changed since",
      at("application", given({}, { name: "Renamed" })),
      /name is not what it was/,
    ],
    [
      "of a rule that changed since",
      at(
        "ingress rule",
        given({}, { rules: [{ hostname: "comfyui.datacrew.space", originRequest: { connectTimeout: 5 } }] }),
      ),
      /connectTimeout is not what it was/,
    ],
  ])("%s", (_, edit, expected) => {
    expect(proofOf(edit).mismatches.join("\n")).toMatch(expected);
  });
});

describe("the import file", () => {
  test("names each object under its component, with the form of id that its type takes", () => {
    const { resources, nameTable } = importFile(plan, "comfyui-access", "dev", new Set());
    expect(nameTable).toEqual({});
    expect(
      resources.map(({ type, logicalName, id, parent, component }) => [
        type.split(":").at(-1),
        logicalName,
        id ?? component,
        parent,
      ]),
    ).toEqual([
      [
        "ZeroTrustAccessServiceToken",
        "comfyui-api",
        `accounts/${MINIMAL.accountId}/${LIVED_IN.serviceToken}`,
        undefined,
      ],
      ["AccessApplication", "comfyui", true, undefined],
      [
        "ZeroTrustAccessPolicy",
        "comfyui-google-email",
        `${MINIMAL.accountId}/${LIVED_IN.peoplePolicy}`,
        "component AccessApplication comfyui",
      ],
      [
        "ZeroTrustAccessPolicy",
        "comfyui-service-token",
        `${MINIMAL.accountId}/${LIVED_IN.tokenPolicy}`,
        "component AccessApplication comfyui",
      ],
      [
        "ZeroTrustAccessApplication",
        "comfyui",
        `accounts/${MINIMAL.accountId}/${LIVED_IN.application}`,
        "component AccessApplication comfyui",
      ],
      ["TunnelIngress", "ingress", true, undefined],
      [
        "TunnelIngress",
        "ingress",
        `${MINIMAL.accountId}/${LIVED_IN.tunnel}/comfyui.datacrew.space`,
        "component TunnelIngress ingress",
      ],
      [
        "DnsRecord",
        "comfyui",
        `fedcba9876543210fedcba9876543210/${LIVED_IN.record}`,
        "component AccessApplication comfyui",
      ],
    ]);
  });

  test("points to a component that the state has", () => {
    const component = "urn:pulumi:dev::comfyui-access::comfyui-access:components:AccessApplication::comfyui";
    const { resources, nameTable } = importFile(plan, "comfyui-access", "dev", new Set([component]));
    expect(nameTable).toEqual({ "component AccessApplication comfyui": component });
    expect(resources.filter((each) => each.component)).toHaveLength(1);
  });
});
