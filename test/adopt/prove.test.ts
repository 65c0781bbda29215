import { beforeAll, describe, expect, test } from "vitest";
import { urnOf } from "../../components/declaration";
import { importFile } from "../../packages/cli/adopt/import-file";
import type { Plan } from "../../packages/cli/adopt/plan";
import { prove } from "../../packages/cli/adopt/prove";
import { isNewId, type Row } from "../../packages/cli/adopt/types";
import { LIVED_IN } from "../../packages/sandbox/seeds/lived-in";
import { MINIMAL, planOf, readSeed } from "./account";

let plan: Plan;
beforeAll(async () => {
  plan = planOf(await readSeed(), { raw: { ...MINIMAL, alerts: { emails: ["ops@datacrew.space"] } } });
});

interface Step {
  op: string;
  urn: string;
  diffReasons?: string[];
  oldState?: { inputs: Record<string, unknown>; outputs: Record<string, unknown> };
  newState?: { inputs: Record<string, unknown> };
}

/** The preview of an engine that does what the table says. */
function stepsOf({ rows }: Plan): Step[] {
  return rows.flatMap((row): Step[] => {
    if (row.resource === undefined) return [];
    const urn = urnOf(row.resource, "comfyui-access", "dev");
    if (row.how === "created new") return [{ op: "create", urn }];
    if (row.changes.length === 0) return [];
    const diffReasons = [...new Set(row.changes.map(({ property }) => property))];
    return [
      {
        op: "update",
        urn,
        diffReasons,
        oldState: { inputs: { ...inputs(row), ...before(row) }, outputs: before(row) },
        newState: { inputs: inputs(row) },
      },
    ];
  });
}

const inputs = (row: Row) =>
  JSON.parse(
    JSON.stringify(row.resource?.properties, (_, value: unknown) =>
      isNewId(value) ? "04da6b54-80e4-46f7-96ec-b56ff0331ba9" : value,
    ),
  ) as Record<string, unknown>;

function before(row: Row): Record<string, unknown> {
  const camel: Record<string, unknown> = {};
  for (const { field, property, now } of row.changes) {
    const [first = "", second] = field.split(".");
    if (property !== "rules") camel[property] = now;
    else {
      const [rule = { hostname: row.name }] = (camel["rules"] as Record<string, unknown>[] | undefined) ?? [];
      const whole = rule as Record<string, Record<string, unknown>>;
      if (second === undefined) whole[first] = now as Record<string, unknown>;
      else whole[first] = { ...whole[first], [second]: now };
      camel["rules"] = [whole];
    }
  }
  return camel;
}

const proofOf = (edit: (steps: Step[]) => Step[] = (steps) => steps) =>
  prove(JSON.stringify({ steps: edit(stepsOf(plan)) }), plan, "comfyui-access", "dev");
const urn = (kind: Row["kind"]) => {
  const row = plan.rows.find((each) => each.kind === kind && each.resource !== undefined);
  if (row?.resource === undefined) throw new Error(kind);
  return urnOf(row.resource, "comfyui-access", "dev");
};
const at = (kind: Row["kind"], edit: (step: Step) => Step) => (steps: Step[]) =>
  steps.map((step) => (step.urn === urn(kind) ? edit(step) : step));

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
      "that deletes",
      (steps) => [...steps, { op: "delete", urn: urn("DNS record") }],
      /DnsRecord comfyui: the plan says delete/,
    ],
    [
      "that updates what was not said",
      (steps) => [...steps, { op: "update", urn: urn("service token") }],
      /Token comfyui-api: /,
    ],
    [
      "that leaves an update out",
      (steps) => steps.filter((step) => step.urn !== urn("DNS record")),
      /DnsRecord comfyui: would not be updated \(comment\)/,
    ],
    [
      "that makes what is to be imported",
      at("application", ({ urn: same }) => ({ op: "create", urn: same })),
      /would be created/,
    ],
    [
      "that makes something else",
      (steps) => [...steps, { op: "create", urn: `${urn("DNS record")}2` }],
      /comfyui2: would be created/,
    ],
    [
      "that does not make what was said",
      (steps) => steps.filter((step) => step.urn !== urn("alert")),
      /token-expiry: would not be created/,
    ],
    [
      "that changes one field more",
      at("DNS record", (step) => ({ ...step, diffReasons: ["comment", "ttl"] })),
      /ttl would change too/,
    ],
    [
      "that changes one field less",
      at("application", (step) => ({
        ...step,
        diffReasons: step.diffReasons?.filter((property) => property !== "name") ?? [],
        newState: {
          inputs: { ...step.newState?.inputs, name: step.oldState?.inputs["name"] },
        },
      })),
      /name would not change/,
    ],
    [
      "that gives a field another value",
      at("DNS record", (step) => ({
        ...step,
        newState: { inputs: { ...step.newState?.inputs, comment: "mine" } },
      })),
      /comment would become something else/,
    ],
    [
      "of an object that changed since",
      at("application", (step) => ({
        ...step,
        oldState: { inputs: {}, outputs: { ...step.oldState?.outputs, name: "Renamed" } },
      })),
      /name is not what it was/,
    ],
    [
      "of a rule that changed since",
      at("ingress rule", (step) => ({
        ...step,
        oldState: { inputs: {}, outputs: { rules: [{ hostname: "comfyui.datacrew.space" }] } },
      })),
      /connectTimeout is not what it was/,
    ],
  ])("%s", (_, edit, expected) => {
    const { mismatches } = proofOf(edit);
    expect(mismatches.join("\n")).toMatch(expected);
  });

  test("that is none", () => {
    expect(() => prove("no", plan, "p", "s")).toThrow(/not in the known form/);
    expect(() => prove("{}", plan, "p", "s")).toThrow(/not in the known form/);
  });
});

describe("the import file", () => {
  test("names each object under its component, with the form of id that its type takes", () => {
    const { resources, nameTable } = importFile(plan, "comfyui-access", "dev", new Map());
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
    const { resources, nameTable } = importFile(
      plan,
      "comfyui-access",
      "dev",
      new Map([[component, { id: "", inputs: {} }]]),
    );
    expect(nameTable).toEqual({ "component AccessApplication comfyui": component });
    expect(resources.filter((each) => each.component)).toHaveLength(1);
  });
});
