import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { comparePreview, PREVIEW_CALL } from "../../../packages/cli/access-diff/preview";
import { readSecretPlaces, secretPlaceFacts } from "../../../packages/cli/access-diff/secret-places";
import { guardrails } from "../../../packages/cli/sandboxed/pulumi";
import { FlatRig } from "../../engine/flat/rig";
import { EngineRig } from "../../engine/support";

let listener: Server;
let address: string;
/** What somebody else's host was sent. */
const received: string[] = [];

beforeAll(async () => {
  listener = createServer((request, response) => {
    received.push(`${request.method} ${request.url} ${request.headers.authorization ?? "no token"}`);
    response.writeHead(200, { "content-type": "application/json" }).end('{"success":true,"result":[]}');
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  address = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/client/v4`;
});
afterAll(() => void listener.close());

test("1: the program sends nothing to an address that the stack file names, and says which", async () => {
  const rig = await EngineRig.open();
  try {
    await rig.config((settings) => {
      settings["cloudflare:baseUrl"] = address;
    });
    for (const args of [["preview"], ["up", "--yes", "--skip-preview"]]) {
      const result = await rig.run(args);
      expect(result.code).not.toBe(0);
      expect(result.stdout + result.stderr).toMatch(/cloudflare:baseUrl.*http:\/\/127\.0\.0\.1:\d+/);
    }
    expect(received).toEqual([]);
  } finally {
    await rig.close();
  }
});

test("1: the guardrails stop a program that would, before the first request", async () => {
  const rig = await FlatRig.open();
  try {
    for (const [changes, config] of [
      [{}, { "cloudflare:baseUrl": address, "cloudflare:apiToken": "made-up" }],
      [{ apiAddress: address }, {}],
    ] as const) {
      await rig.change(changes, config);
      for (const args of [["preview"], ["up", "--yes", "--skip-preview"]]) {
        const result = await rig.run([...args, ...guardrails]);
        expect(result.code).not.toBe(0);
        expect(result.stdout + result.stderr).toContain("provider-address");
        expect(received, args.join(" ")).toEqual([]);
      }
    }
  } finally {
    await rig.close();
  }
});

test("1: the review names an address that is new since the last update, and another Infisical", async () => {
  const rig = await EngineRig.open();
  try {
    const place = { projectId: "3f0f4b0e-0f57-4b4e-9d6f-0a3d3c6a8f11", environment: "prod" };
    await rig.config((settings) => {
      settings["infisical"] = place;
    });
    const up = await rig.run(["up", "--yes", "--skip-preview"]);
    expect(up.code, up.stdout + up.stderr).toBe(0);
    const engine = (configFile: string) => ({ ...rig.session.target("preview"), configFile });
    const facts = async (configFile: string) => {
      const places = await readSecretPlaces(engine(configFile), "dev");
      expect(places.undecided).toEqual([]);
      return secretPlaceFacts(places.before, places.after).map(({ effect, text }) => `${effect} ${text}`);
    };
    const same = await rig.config((settings) => {
      settings["infisical"] = place;
    });
    expect(await facts(same)).toEqual([]);

    const changed = await rig.config((settings) => {
      settings["infisical"] = { ...place, siteUrl: "https://secrets.example.org" };
      // What the environment trusts: the sandbox's own address.
      settings["cloudflare:baseUrl"] = rig.session.apiUrl;
    });
    expect(await facts(changed)).toEqual([
      `widens secrets now go to ${rig.session.apiUrl} (cloudflare:baseUrl)`,
      expect.stringMatching(/^widens .*https:\/\/secrets\.example\.org/),
      expect.stringMatching(/^narrows .*https:\/\/app\.infisical\.com/),
    ]);
  } finally {
    await rig.close();
  }
});

test("1: the review names the address of a provider that the program makes itself", async () => {
  const rig = await FlatRig.open();
  try {
    await rig.change({ apiAddress: address });
    const { facts } = comparePreview((await rig.must([...PREVIEW_CALL])).stdout, "the preview");
    const widening = facts.filter(({ effect }) => effect === "widens").map(({ text }) => text);
    expect(widening).toEqual([`secrets now go to ${address} (cloudflare:baseUrl)`]);
  } finally {
    await rig.close();
  }
});
