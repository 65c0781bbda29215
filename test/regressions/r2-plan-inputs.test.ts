import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { comparePreview } from "../../packages/cli/access-diff/preview";
import { refreshChanges } from "../../packages/cli/drift/engine-view";
import { foreignChanges } from "../../packages/cli/rotate/foreign-changes";
import { changedInputs, planSteps } from "../../packages/cloudflare/stack-plan";
import { readEvents } from "../../packages/github/engine-events";

interface Recorded {
  change: string;
  /** By `<type>::<name>`. */
  plan: Record<string, { op: string; diffReasons: string[] }[]>;
  state?: Record<string, { inputs: Fields; outputs: Fields }>;
}
type Fields = Record<string, unknown>;

/** What the real provider was recorded to plan, change after change. */
const recorded = readFileSync(join(__dirname, "..", "fixtures", "provider-plans.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Recorded);

const TYPE = {
  token: "cloudflare:index/zeroTrustAccessServiceToken:ZeroTrustAccessServiceToken",
  policy: "cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy",
  application: "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication",
  ingress: "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig",
  google: "cloudflare:index/zeroTrustAccessIdentityProvider:ZeroTrustAccessIdentityProvider",
};
const rotated = { clientSecretVersion: 2, previousClientSecretExpiresAt: "2027-01-31T00:00:00Z" };

/** The inputs that the program changed for each recorded change; the record itself has only the plan. */
const EDITS: Record<string, Record<string, Fields>> = {
  "email added": { "comfyui-google-email": { includes: [{ email: { email: "second@datacrew.space" } }] } },
  "email domain added": {
    "comfyui-google-email": { includes: [{ emailDomain: { domain: "datacrew.space" } }] },
  },
  "session duration 12h": {
    "comfyui-service-token": { sessionDuration: "12h" },
    "comfyui-google-email": { sessionDuration: "12h" },
    comfyui: { sessionDuration: "12h" },
  },
  "second application": { ingress: { config: { ingresses: ["comfyui", "render"] } } },
  "token rotation": { "comfyui-api": rotated },
  "token duration": { "comfyui-api": { duration: "4380h" } },
  "tunnel rule service": { ingress: { config: { ingresses: ["http://comfyui:8188"] } } },
  "google client id": {
    google: { config: { clientId: "other.apps.googleusercontent.com", clientSecret: "[secret]" } },
  },
  "application removed": { ingress: { config: { ingresses: ["comfyui"] } } },
  "people removed (tokens only)": { comfyui: { policies: [{ id: "service token policy", precedence: 1 }] } },
};

/** With the secrets as a plan shows them. */
const masked = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_, each: unknown) =>
    typeof each === "object" && each !== null && "4dabf18193072939515e22adb298388d" in each
      ? "[secret]"
      : each,
  );

const FORMS = {
  "without a detailed diff": (reasons: string[]) => ({ diffReasons: reasons, detailedDiff: null }),
  "with a detailed diff": (reasons: string[]) => ({
    diffReasons: reasons,
    detailedDiff: Object.fromEntries(reasons.map((name) => [name, { kind: "update", inputDiff: false }])),
  }),
};
type Form = keyof typeof FORMS;

const base = masked(recorded[0]?.state) as NonNullable<Recorded["state"]>;

/** The update steps of a recorded change, with the inputs before and after it. */
function stepsOf({ change, plan }: Recorded, form: Form) {
  return Object.entries(plan).flatMap(([key, steps]) =>
    steps.map(({ op, diffReasons }) => {
      const [type = "", name = ""] = key.split("::");
      const [, old] = Object.entries(base).find(([urn]) => urn.endsWith(`${key}`)) ?? [];
      const inputs = old?.inputs ?? {};
      const next = { ...inputs, ...EDITS[change]?.[name] };
      const outputs = Object.fromEntries(
        diffReasons.map((reason) => [reason, "04da6b54-80e4-46f7-96ec-b56ff0331ba9"]),
      );
      return {
        op,
        urn: `urn:pulumi:dev::comfyui-access::${key}`,
        ...(op === "create" ? {} : { oldState: { type, id: name, inputs, outputs: old?.outputs ?? {} } }),
        ...(op === "delete"
          ? {}
          : {
              newState: { type, id: name, inputs: next, outputs: { ...old?.outputs, ...outputs, ...next } },
            }),
        ...FORMS[form](diffReasons),
      };
    }),
  );
}

const at = (change: string, form: Form) => {
  const found = recorded.find((each) => each.change === change);
  if (found === undefined) throw new Error(`no ${change} in the record`);
  return JSON.stringify({ steps: stepsOf(found, form) });
};

describe.each(Object.keys(FORMS) as Form[])("R2: the real provider's plans, %s", (form) => {
  test.each(recorded.slice(1))("$change: what changes is what the program changed", (line) => {
    const updates = planSteps(JSON.stringify({ steps: stepsOf(line, form) }), "the plan").filter(
      ({ op }) => op === "update",
    );
    const changed = Object.fromEntries(updates.map((step) => [step.name, changedInputs(step).sort()]));
    const wanted = Object.entries(EDITS[line.change] ?? {}).map(([name, edit]) => [
      name,
      Object.keys(edit).sort(),
    ]);
    expect(changed).toEqual(Object.fromEntries(wanted));
  });

  test("a rotation is nobody else's change, whatever becomes unknown by it", () => {
    expect(foreignChanges(at("token rotation", form), "comfyui-api")).toEqual([]);
  });

  test.each([
    ["token duration", "update ZeroTrustAccessServiceToken comfyui-api"],
    ["email added", "update ZeroTrustAccessPolicy comfyui-google-email"],
    ["tunnel rule service", "update ZeroTrustTunnelCloudflaredConfig ingress"],
    ["google client id", "update ZeroTrustAccessIdentityProvider google"],
  ])("%s is not the rotation's", (change, words) => {
    expect(foreignChanges(at(change, form), "comfyui-api", {})).toEqual([words]);
  });

  test("a review names the inputs that change, and no output", () => {
    const [step] = stepsOf(recorded.find(({ change }) => change === "token rotation") as Recorded, form);
    const { urn, op, oldState, newState, diffReasons, detailedDiff } = step as never as Record<
      string,
      unknown
    >;
    const metadata = { op, urn, type: "t", old: oldState, new: newState, diffs: diffReasons, detailedDiff };
    const { steps } = readEvents(JSON.stringify({ resourcePreEvent: { metadata } }), 0, "p");
    expect(steps[0]?.properties.sort()).toEqual(Object.keys(rotated).sort());
  });

  test("a token that is rotated has the end that it had; another duration is a change", () => {
    const expiry = (change: string) => {
      const { after } = comparePreview(at(change, form), "the preview");
      return after.tokens[0]?.expiresAt;
    };
    expect(expiry("token rotation")).toBe("{time}");
    expect(expiry("token duration")).not.toBe("{time}");
  });
});

describe("R2: what the inputs do not tell", () => {
  const step = (inputs: [Fields, Fields], paths: string[], outputs: Fields = {}) => {
    const [plan] = planSteps(
      JSON.stringify({
        steps: [
          {
            op: "update",
            urn: `urn:pulumi:dev::p::${TYPE.google}::google`,
            oldState: { inputs: inputs[0], outputs },
            newState: { inputs: inputs[1] },
            diffReasons: paths,
          },
        ],
      }),
      "the plan",
    );
    if (plan === undefined) throw new Error("no step");
    return changedInputs(plan);
  };
  const secret = { name: "a", clientSecret: "[secret]" };

  test("a secret that the provider names has changed, though both look alike", () => {
    expect(step([secret, secret], ["clientSecret", "version"])).toEqual(["clientSecret"]);
  });

  test("a secret that it does not name among others is as before", () => {
    expect(step([secret, { ...secret, name: "b" }], ["name"])).toEqual(["name"]);
  });

  test("a secret is not called the same where the provider names nothing", () => {
    expect(step([secret, secret], [])).toEqual(["clientSecret"]);
  });

  test("an input that is as before, and named, was changed in the account", () => {
    expect(step([{ name: "a" }, { name: "a" }], ["name"])).toEqual(["name"]);
  });

  test("an input that was not imported, and is what the object has, is no change", () => {
    const outputs = { enableBindingCookie: false, name: "a" };
    expect(step([{ name: "a" }, { name: "b", enableBindingCookie: false }], ["name"], outputs)).toEqual([
      "name",
    ]);
    expect(step([{ name: "a" }, { name: "a", enableBindingCookie: true }], [], outputs)).toEqual([
      "enableBindingCookie",
    ]);
  });

  test("a value that only the update tells is another one", () => {
    const unknown = { policies: [{ id: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" }] };
    expect(step([{ policies: [{ id: "p" }] }, unknown], ["policies"])).toEqual(["policies"]);
  });
});

test("R2: drift in Google Cloud names what was read otherwise, and no output that is as it was", () => {
  const urn = "urn:pulumi:dev::p::gcp:secretmanager/secret:Secret::comfyui-api";
  const outputs = { labels: { team: "a" }, etag: "1", version: "7" };
  const own = [
    { urn, type: "gcp:secretmanager/secret:Secret", name: "comfyui-api", id: "s", inputs: {}, outputs },
  ];
  const refresh = (diffReasons: string[], now: Fields, inputs: Fields = {}) =>
    refreshChanges(
      JSON.stringify({
        steps: [
          {
            op: "update",
            urn,
            oldState: { inputs: { labels: { team: "a" } }, outputs },
            newState: { inputs: { labels: { team: "a" }, ...inputs }, outputs: { ...outputs, ...now } },
            diffReasons,
          },
        ],
      }),
      own,
    ).map(({ field }) => field);
  expect(refresh(["etag", "labels", "version"], { labels: { team: "b" } })).toEqual(["labels"]);
  // Nothing named: what it reads as inputs tells, and only that.
  expect(refresh([], { labels: { team: "b" }, etag: "2" }, { labels: { team: "b" } })).toEqual(["labels"]);
  expect(refresh([], { etag: "2" })).toEqual([]);
});
