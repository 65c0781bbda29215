import * as pulumi from "@pulumi/pulumi";
import { afterEach, expect, test } from "vitest";
import { checkRules, type IngressRule, TunnelIngress } from "../../components/tunnel-ingress";
import { UserError } from "../../packages/base/errors";
import { type Recorder, startMocks } from "../support/mocks";

let run: Recorder;
afterEach(() => run?.settled());

const rules: IngressRule[] = [
  { hostname: "comfyui.datacrew.space", service: "http://localhost:8188", aud: "aud-1" },
  { hostname: "notes.datacrew.space", service: "http://localhost:3000", aud: pulumi.output("aud-2") },
];
const args = { accountId: "account", teamName: "datacrew", tunnelId: "tunnel", rules };

test("an owned tunnel gets the whole list: each rule guarded by its own application, then a 404", async () => {
  run = await startMocks("update");
  new TunnelIngress("ingress", { ...args, shared: false });
  await run.settled();
  const access = (aud: string) => ({ access: { required: true, teamName: "datacrew", audTags: [aud] } });
  const configuration = run.resource("ZeroTrustTunnelCloudflaredConfig", "ingress");
  expect(configuration.inputs).toEqual({
    accountId: "account",
    tunnelId: "tunnel",
    config: {
      ingresses: [
        {
          hostname: "comfyui.datacrew.space",
          service: "http://localhost:8188",
          originRequest: access("aud-1"),
        },
        {
          hostname: "notes.datacrew.space",
          service: "http://localhost:3000",
          originRequest: access("aud-2"),
        },
        { service: "http_status:404" },
      ],
    },
  });
  expect(configuration.parent).toBe(run.resource("components:TunnelIngress", "ingress").urn);
});

test("a shared tunnel gets this stack's rules only, in the API's spelling", async () => {
  run = await startMocks("update");
  new TunnelIngress("ingress", { ...args, shared: true });
  await run.settled();
  const shared = run.resource("index:TunnelIngress", "ingress");
  expect(shared.type).toBe("comfyui-access:index:TunnelIngress");
  expect(shared.inputs).toEqual({
    accountId: "account",
    tunnelId: "tunnel",
    rules: [
      {
        hostname: "comfyui.datacrew.space",
        service: "http://localhost:8188",
        originRequest: { access: { required: true, teamName: "datacrew", audTag: ["aud-1"] } },
      },
      {
        hostname: "notes.datacrew.space",
        service: "http://localhost:3000",
        originRequest: { access: { required: true, teamName: "datacrew", audTag: ["aud-2"] } },
      },
    ],
  });
});

test.each([
  [
    "a rule without a host",
    [{ ...rules[0], hostname: "" }],
    "http_status:404",
    'ingress rule "" catches other hosts too',
  ],
  [
    "a wildcard",
    [{ ...rules[0], hostname: "*" }],
    "http_status:404",
    'ingress rule "*" catches other hosts too',
  ],
  [
    "two rules for a host",
    [rules[0], rules[0]],
    "http_status:404",
    "two ingress rules for comfyui.datacrew.space",
  ],
  [
    "a catch-all that serves",
    rules,
    "http://localhost:8188",
    "the catch-all rule serves http://localhost:8188",
  ],
  ["no catch-all", rules, "", "the catch-all rule serves "],
])("refuses %s", (_, list, catchAll, message) => {
  expect(() => checkRules(list as IngressRule[], catchAll)).toThrow(UserError);
  expect(() => checkRules(list as IngressRule[], catchAll)).toThrow(message);
});
