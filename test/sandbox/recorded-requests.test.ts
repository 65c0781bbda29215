import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { DEV_ACCOUNT_ID, DEV_TOKENS, DEV_ZONE_ID } from "../../packages/sandbox/account/seed";
import { type Json, testClient } from "./client";

interface Recorded {
  phase: string;
  method: string;
  path: string;
  body?: Json;
}

const recorded: Recorded[] = readFileSync(join(__dirname, "../fixtures/provider-requests.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));

/** The placeholder that the recording uses for an object made by this request. */
function placeholder({ path, body }: Recorded, ids: Map<string, string>): string {
  if (path.endsWith("/policies") && path.includes("/access/"))
    return `policy_${body.name.replaceAll("-", "_")}`;
  if (path.endsWith("/dns_records")) return ids.has("record") ? "record_2" : "record";
  const names: Record<string, string> = {
    cfd_tunnel: "tunnel",
    policies: "alert_policy",
    identity_providers: "idp",
    service_tokens: "token",
    apps: "app",
  };
  return names[path.split("/").at(-1) ?? ""] ?? "";
}

it("accepts what the real provider sent, in its order, and answers what was written", async () => {
  const client = testClient();
  const ids = new Map([
    ["account", DEV_ACCOUNT_ID],
    ["zone", DEV_ZONE_ID],
  ]);
  const filled = (text: string) =>
    text.replace(/\{(\w+)\}/g, (_, name: string) => ids.get(name) ?? expect.fail(`no id for ${name}`));
  const written = new Map<string, Json>();

  for (const request of recorded) {
    const path = filled(request.path);
    const body = request.body === undefined ? undefined : JSON.parse(filled(JSON.stringify(request.body)));
    const answer = await client.send(request.method, path, body, DEV_TOKENS.up);
    expect([request.method, request.path, answer.text]).toEqual([request.method, request.path, ""]);
    expect(answer.body.success).toBe(true);

    if (request.method === "POST") {
      ids.set(placeholder(request, ids), answer.result.id);
      if (answer.result.aud !== undefined) ids.set("aud", answer.result.aud);
      written.set(`${path}/${answer.result.id}`, body);
    }
    if (request.method === "PUT") written.set(path, body);
    if (request.method === "GET") expect(answer.result).toMatchObject(readable(written.get(path)));
  }

  expect(recorded).toHaveLength(43);
  const { tunnels, ...left } = client.store.snapshot();
  expect(tunnels.every(({ deletedAt }) => deletedAt !== null)).toBe(true);
  expect([
    left.applications,
    left.policies,
    left.serviceTokens,
    left.identityProviders,
    left.dnsRecords,
  ]).toEqual([[], [], [], [], []]);
});

/** What was written, less what the vendor never answers; an application's policies come back in full. */
function readable(body: Json): Json {
  const { tunnel_secret: _, ...rest } = body;
  if (rest.config?.client_secret !== undefined) rest.config = { client_id: rest.config.client_id };
  return rest;
}
