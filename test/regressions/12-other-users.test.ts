import { expect, test } from "vitest";
import type { StackResource } from "../../packages/cli/stack/read-stack";
import type { AccountSnapshot } from "../../packages/cloudflare/account-snapshot";
import { TYPES } from "../../packages/cloudflare/kinds";
import { kept } from "../../packages/cloudflare/look-up";
import { loginUsers, tunnelUsers } from "../../packages/cloudflare/other-users";
import { foreignRulesIn, othersRules } from "../../packages/cloudflare/owned-list";
import { refuseWhileUsed } from "../../packages/cloudflare/used-by-others";

const LOGIN = "11111111-2222-4333-8444-555555555555";
const own = new Set(["app-ours", "policy-ours", "record-ours"]);

test("12: who uses a login: what offers it, offers every one, or names it in a rule", () => {
  const rule = { login_method: { id: LOGIN } };
  const around = {
    applications: [
      { id: "app-ours", name: "ours", type: "self_hosted", allowed_idps: [LOGIN] },
      { id: "app-1", name: "wiki", type: "self_hosted", allowed_idps: [LOGIN, "another"] },
      { id: "app-2", name: "files", type: "self_hosted", allowed_idps: [] },
      { id: "app-3", name: "link", type: "bookmark" },
      { id: "app-4", name: "mail", type: "self_hosted", allowed_idps: ["another"] },
    ],
    policies: [
      { id: "policy-ours", name: "ours", require: [rule] },
      { id: "policy-1", name: "staff", include: [rule] },
      { id: "policy-2", name: "guests", include: [{ everyone: {} }] },
    ],
    groups: [{ id: "group-1", name: "crew", exclude: [rule] }],
  };
  const [offering, naming] = ["application files, which offers every login", ["policy staff", "group crew"]];
  expect(loginUsers(LOGIN, { ...around, logins: [{ id: LOGIN }] }, own)).toEqual({
    users: ["application wiki", offering, ...naming],
    alsoOffering: [],
  });
  // Nobody could take that back from the stack: it goes on with the other login.
  expect(loginUsers(LOGIN, { ...around, logins: [{ id: LOGIN }, { id: "another" }] }, own)).toEqual({
    users: ["application wiki", ...naming],
    alsoOffering: [offering],
  });
});

test("12: a name is no rule that names a login", () => {
  const groups = [{ id: "group-1", name: `not ${LOGIN}`, include: [{ email: { email: "a@b.org" } }] }];
  const around = { applications: [], policies: [], groups, logins: [] };
  expect(loginUsers(LOGIN, around, own).users).toEqual([]);
});

const state = async () => [
  { urn: "u1", type: TYPES.identityProvider, outputs: { id: LOGIN } },
  { urn: "u2", type: TYPES.application, outputs: { id: "app-ours" } },
];

test.each([
  ["another stack's application of the same name", "app-1", [LOGIN], ["another"], true],
  ["the stack's own", "app-ours", [LOGIN], ["another"], false],
  ["one that an interrupted run of the stack left", "app-left", [LOGIN], ["another"], false],
  ["one that offers every login, and has another", "app-1", [], ["another"], false],
  ["one that offers every login, where there is no other", "app-1", [], [], true],
])("12: the login stays protected for %s: %s %j", async (_, id, offered, others, isKept) => {
  const ours = { id: "app-ours", name: "comfyui", type: "self_hosted", allowed_idps: [LOGIN] };
  const other = { id, name: "comfyui", type: "self_hosted", allowed_idps: offered };
  const args = {
    protectTokens: false,
    teamName: "datacrew",
    adopted: [],
    undeclared: [],
    seen: { applications: [ours, other] },
    logins: [LOGIN, ...others].map((each) => ({ id: each })),
    left: { applications: { comfyui: { importId: "accounts/a/app-left", replaces: false } } },
  };
  expect(await kept(args, state)).toEqual({ tunnel: false, login: isKept });
});

test("12: a rule of the stack's own tunnel is its own in Unicode too", async () => {
  const rule = (hostname: string) => ({
    hostname,
    service: "http://localhost:1",
    originRequest: { access: { required: true, teamName: "datacrew" } },
  });
  const written = async () => [
    {
      urn: "u",
      type: TYPES.ownIngress,
      outputs: { config: { ingresses: [rule("xn--bcher-kva.example.org")] } },
    },
  ];
  const list = { undeclared: [rule("BÜCHER.example.org")], teamName: "datacrew" };
  expect(await othersRules(list, written)).toEqual([]);
  expect(await foreignRulesIn({ ...list, applications: [] }, written)).toBeUndefined();
});

test("12: a rule that somebody added by hand is an error where the change of the list would remove it", async () => {
  const undeclared = [{ hostname: "wiki.example.org", path: "^/hook", service: "http://localhost:3" }];
  const list = { undeclared, teamName: "datacrew", applications: [] };
  const data = { rules: [{ hostname: "wiki.example.org", path: "^/hook", service: "http://localhost:3" }] };
  expect(await foreignRulesIn(list, async () => [])).toEqual({
    code: "foreign-rules",
    severity: "warning",
    where: "tunnel",
    data: { ...data, removed: false },
  });
  const applications = [{ hostname: "comfyui.example.org", service: "http://localhost:1" }];
  expect(await foreignRulesIn({ ...list, applications }, async () => [])).toMatchObject({
    severity: "error",
    data: { ...data, removed: true },
  });
});

test("12: who uses a tunnel: rules, records and networks that are not the stack's", () => {
  const config = {
    "warp-routing": { enabled: true },
    ingress: [
      { hostname: "ComfyUI.example.org", service: "http://localhost:1" },
      { hostname: "comfyui.example.org", path: "^/hook", service: "http://localhost:2" },
      { hostname: "wiki.example.org", service: "http://localhost:3" },
      { path: "/health", service: "http://localhost:4" },
      { service: "http_status:404" },
    ],
  };
  const records = [
    { id: "record-ours", name: "comfyui.example.org" },
    { id: "record-1", name: "files.example.net" },
  ];
  expect(tunnelUsers({ config, records }, own, new Set(["comfyui.example.org"]))).toEqual([
    "rule for comfyui.example.org^/hook",
    "rule for wiki.example.org",
    "rule for */health",
    "DNS record files.example.net",
    "private networks",
  ]);
});

test.each([[["another"]], [[]]])(
  "12: destroy beside an application that offers every login, others being %j",
  async (others) => {
    const account = {
      applications: async () => [{ id: "app-1", name: "files", type: "self_hosted", allowed_idps: [] }],
      policies: async () => [],
      identityProviders: async () => [LOGIN, ...others].map((id) => ({ id })),
      groups: async () => [],
    } as unknown as AccountSnapshot;
    const resource = { type: TYPES.identityProvider, id: LOGIN, inputs: { name: "Google" } };
    const answer = refuseWhileUsed(account, "dev", [resource as unknown as StackResource]);
    if (others.length === 0) await expect(answer).rejects.toThrow("application files");
    else expect(await answer).toEqual([expect.stringContaining("application files")]);
  },
);
