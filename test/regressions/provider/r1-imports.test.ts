import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PropertyMap } from "../../../packages/provider/host";
import { cloudflarePackage } from "../../../packages/sandbox/provider/cloudflare/package";
import { combinePackages } from "../../../packages/sandbox/provider/package-provider";
import { accountId, Driver, zoneId } from "../../sandbox/provider/support";
import { type Listed, Replay, recording } from "./replay";

interface RecordedImport {
  type: string;
  id: string;
  "API answers": object;
  inputs: PropertyMap;
  outputs: PropertyMap;
}

const LISTED: Listed[] = [
  {
    path: /^outputs\.__meta$/,
    why: "the recording of imports leaves it out, as provider-state.json does of states that have it",
  },
];

const imports = recording<RecordedImport>("provider-imports.jsonl");
const replay = new Replay(LISTED);
let server: Server;
let baseUrl: string;
let answer: object;

beforeAll(async () => {
  server = createServer((_, res) => {
    res.setHeader("content-type", "application/json");
    res.end(JSON.stringify({ result: answer, success: true, errors: [], messages: [] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/client/v4`;
});
afterAll(() => {
  server.close();
  replay.end("imports, as recorded of the real provider");
});

/** The id as a user gives it. */
function importId(type: string, id: string): string {
  if (/Application|IdentityProvider|ServiceToken/.test(type)) return `accounts/${accountId}/${id}`;
  return type.includes("dnsRecord") ? `${zoneId}/${id}` : `${accountId}/${id}`;
}

describe("R1: the sandbox's provider imports what the real one was recorded to import", () => {
  test.each(imports.map((line) => [`${line.type.split(":").at(-1)} ${line.id}`, line] as const))(
    "R1: %s",
    async (name, recorded) => {
      answer = recorded["API answers"];
      const provider = combinePackages(
        { cloudflare: cloudflarePackage({ baseUrl, apiToken: "x" }) },
        "0.0.0",
      );
      const found = await new Driver(provider, recorded.type).read(importId(recorded.type, recorded.id));
      const { inputs, outputs } = recorded;
      replay.line(name, { id: recorded.id, inputs, outputs }, {
        id: found?.id,
        inputs: found?.inputs,
        outputs: found?.state,
      } as object);
      expect(found?.state["__meta"]).toBe('{"schema_version":"500"}');
    },
  );
});
