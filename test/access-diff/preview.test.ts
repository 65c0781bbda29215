import { expect, test } from "vitest";
import { accessDiff } from "../../packages/cli/access-diff/access-diff";
import { comparePreview } from "../../packages/cli/access-diff/preview";
import { application, machines, people, policy } from "./states";

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

interface Resource {
  urn: string;
  type: string;
  id: string;
  outputs: object;
}

/** Steps that create resources; what each property depends on is what the engine finds a link by. */
const created = (resource: Resource, propertyDependencies: Record<string, string[]> = {}) => {
  const { id: _, outputs, ...state } = resource;
  return { op: "create", urn: resource.urn, newState: { ...state, inputs: outputs, propertyDependencies } };
};

function preview(...steps: object[]) {
  const { before, after, ...told } = comparePreview(JSON.stringify({ steps }), "the preview");
  return accessDiff(before, after, told);
}

const unknownLinks = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ id: UNKNOWN, precedence: index + 1 }));

test("new policies are found by what the application depends on", () => {
  const app = application([], { policies: unknownLinks(2) });
  const diff = preview(
    created(people),
    created(machines),
    created(app, { policies: [people.urn, machines.urn] }),
  );
  expect(diff.undecided).toEqual([]);
  expect(diff.entries.map(({ who }) => who)).toContain("artist@datacrew.space");
});

test("an order that decides and is not told blocks", () => {
  const block = policy("block", "deny", [{ email: { email: "artist@datacrew.space" } }]);
  const app = application([], { policies: unknownLinks(2) });
  const diff = preview(created(people), created(block), created(app, { policies: [people.urn, block.urn] }));
  expect(diff.verdict).toBe("not decided");
  expect(diff.undecided.map(({ text }) => text)).toEqual([
    "the order of the new policies of application comfyui is not known before the update",
  ]);
});

test("a policy that cannot be found blocks", () => {
  const diff = preview(created(people), created(application([], { policies: unknownLinks(1) })));
  expect(diff.verdict).toBe("not decided");
  expect(diff.undecided.map(({ text }) => text)).toEqual([
    "policies[0].id of ZeroTrustAccessApplication comfyui cannot be read yet",
  ]);
});

test("a rule whose value is a secret is neither passed over nor taken for a match, and not for the same", () => {
  const secret = policy("people", "allow", [{ email: { email: "[secret]" } }]);
  const app = application(["people"]);
  const step = (op: string, { id, outputs, ...state }: Resource) => {
    const told = { ...state, id, inputs: outputs };
    return { op, urn: state.urn, oldState: told, newState: told };
  };
  expect(preview(step("same", secret), step("same", app)).verdict).toBe("no change");
  const diff = preview(step("update", secret), step("same", app));
  expect(diff.verdict).toBe("widened");
  expect(diff.entries).toMatchObject([{ kind: "depends", may: ["gain", "loss"] }]);
});

test.each([
  ["not json", /is not JSON/],
  ["{}", /holds no steps/],
  ['{"steps":[],"diagnostics":[{"severity":"error","message":"boom"}]}', /the preview failed: boom/],
  ['{"steps":[],"changeSummary":{"same":3}}', /leaves out the resources that stay the same/],
])("%s is refused", (text, said) => {
  expect(() => comparePreview(text, "the preview")).toThrow(said);
});
