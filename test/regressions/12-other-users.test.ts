import { expect, test } from "vitest";
import { loginUsers, tunnelUsers } from "../../src/cloudflare/other-users";

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
  expect(loginUsers(LOGIN, around, own)).toEqual([
    "application wiki",
    "application files, which offers every login",
    "policy staff",
    "group crew",
  ]);
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
