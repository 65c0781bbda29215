import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { CheckRequest, type CheckResponse } from "@pulumi/pulumi/proto/provider_pb";
import { afterEach, expect, it } from "vitest";
import { toStruct } from "../../../packages/provider/host/codec";
import { startSandbox } from "../../../packages/sandbox/server/server";

const command = join(__dirname, "../../../packages/provider/tunnel-ingress/pulumi-resource-comfyui-access");
let plugin: ChildProcess | undefined;

afterEach(() => plugin?.kill());

it("starts from any folder as the engine starts it, and asks the API that the environment names", async () => {
  const sandbox = await startSandbox();
  plugin = spawn(command, ["127.0.0.1:1"], {
    cwd: tmpdir(),
    env: { ...process.env, CLOUDFLARE_BASE_URL: sandbox.apiUrl, CLOUDFLARE_API_TOKEN: sandbox.tokens.up },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(plugin.stdout?.setEncoding("utf8") ?? plugin, "data")) as [string];
  expect(line).toMatch(/^\d+\n$/);

  const client = new ResourceProviderClient(`127.0.0.1:${line.trim()}`, grpc.credentials.createInsecure());
  const request = new CheckRequest()
    .setUrn("urn:pulumi:dev::project::comfyui-access:index:TunnelIngress::shared")
    .setNews(
      toStruct({
        accountId: "0123456789abcdef0123456789abcdef",
        tunnelId: "00000000-0000-4000-8000-000000000000",
        rules: [{ hostname: "comfyui.datacrew.space", service: "http://localhost:8188" }],
      }),
    );
  const response = await new Promise<CheckResponse>((resolve, reject) => {
    client.check(request, (error, answer) => (error || !answer ? reject(error) : resolve(answer)));
  });
  expect(response.getFailuresList().map((failure) => failure.getReason())).toEqual([
    expect.stringContaining("there is no tunnel 00000000"),
  ]);
  client.close();
  await sandbox.close();
});
