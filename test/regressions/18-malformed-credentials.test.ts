import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { UserError } from "../../packages/base/errors";
import { examine } from "../../packages/cli/doctor/doctor";
import { toText } from "../../packages/cli/doctor/render";
import { parseStackOutputs } from "../../packages/cli/secrets/outputs";
import { requiredAccess } from "../../packages/cli/stack/cloudflare-access";
import { targetOfEnv } from "../../packages/cli/verify/read-target";
import type { Send } from "../../packages/cloudflare/api-request";
import { preflight } from "../../packages/cloudflare/preflight";
import { openRig, type Rig } from "../doctor/rig";
import { problemsOf } from "../support/config-problems";
import { serveOwnNameOnly, serveSelfSigned, type WebApp } from "../support/origins";
import { sharedCases } from "./clients";

const SECRET = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0ffee5ec2";
const ID = "0123456789abcdef0123456789abcdef";

/** What copying leaves, and the word by which it has to be named. */
const FLAWS: [string, (text: string) => string, RegExp][] = [
  ["a line break at its end", (text) => `${text}\n`, /line break/],
  ["a carriage return", (text) => `${text}\r`, /line break/],
  ["quotes around it", (text) => `"${text}"`, /quotes/],
  ["typographic quotes", (text) => `“${text}”`, /quotes/],
  ["a space before it", (text) => ` ${text}`, /white space/],
  ["the word before it", (text) => `Bearer ${text}`, /white space/],
  ["a letter that looks like another", (text) => text.replace("c", "с"), /not ASCII/],
  ["a character of no width", (text) => `${text}\u200b`, /not ASCII/],
];

sharedCases(18);

function refusalOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    const { message } = error as Error;
    expect(message).not.toContain(SECRET);
    return message;
  }
  throw new Error("it was taken");
}

describe("a credential that cannot be one is named before it is sent, and not shown", () => {
  afterEach(() => vi.unstubAllEnvs());

  test.each(FLAWS)("18: %s", async (_, spoil, named) => {
    const spoilt = spoil(SECRET);
    vi.stubEnv("CLOUDFLARE_API_TOKEN", spoilt);
    expect(refusalOf(() => requiredAccess({}))).toMatch(named);
    expect(refusalOf(() => requiredAccess({}))).toContain("CLOUDFLARE_API_TOKEN");
    vi.stubEnv("CLOUDFLARE_API_TOKEN", SECRET);
    expect(refusalOf(() => requiredAccess({ apiToken: spoilt }))).toContain("cloudflare:apiToken");

    const asked: string[] = [];
    const args = {
      accountId: ID,
      zone: "datacrew.space",
      teamName: "datacrew",
      applications: [],
      tunnel: { name: "t" },
      google: {},
      ownerComment: "",
      adopted: [],
    };
    const send: Send = async ({ url }) => {
      asked.push(url);
      return { status: 500, headers: {}, text: "" };
    };
    const stopped = await preflight(args, { token: spoilt, send }).catch((error: Error) => error);
    expect(String(stopped)).toMatch(named);
    expect(String(stopped)).not.toContain(SECRET);
    expect(asked).toEqual([]);

    const url = { COMFYUI_URL: "https://comfyui.datacrew.space" };
    const COMFYUI_ACCESS_TOKEN = spoil(`${ID}.access:${SECRET}`);
    const inFile = refusalOf(() => targetOfEnv({ ...url, COMFYUI_ACCESS_TOKEN }, ".env"));
    expect(inFile).toMatch(named);
    expect(inFile).toContain("COMFYUI_ACCESS_TOKEN");
    const halves = { CF_ACCESS_CLIENT_ID: `${ID}.access`, CF_ACCESS_CLIENT_SECRET: spoilt };
    expect(refusalOf(() => targetOfEnv({ ...url, ...halves }, ".env"))).toContain("CF_ACCESS_CLIENT_SECRET");

    const token = { clientId: `${ID}.access`, clientSecret: spoilt };
    const outputs = { applications: {}, serviceTokens: { ci: token } };
    const read = refusalOf(() => parseStackOutputs(JSON.stringify(outputs), "dev"));
    expect(read).toMatch(named);
    expect(read).toContain("serviceTokens.ci.clientSecret");
  });

  test("18: a client id without .access", () => {
    const token = { clientId: ID, clientSecret: SECRET };
    const outputs = { applications: {}, serviceTokens: { ci: token } };
    expect(refusalOf(() => parseStackOutputs(JSON.stringify(outputs), "dev"))).toMatch(/clientId.*\.access/);
    const values = { COMFYUI_URL: "https://a.datacrew.space", COMFYUI_ACCESS_TOKEN: `${ID}:${SECRET}` };
    expect(refusalOf(() => targetOfEnv(values, ".env"))).toContain(".access");
  });
});

describe("doctor names what it saw", () => {
  let rig: Rig;
  let app: WebApp | undefined;
  beforeAll(async () => {
    rig = await openRig();
  });
  beforeEach(() => rig.reset());
  afterEach(async () => {
    await app?.close();
    app = undefined;
  });
  afterAll(() => rig.close());

  test("18: an API token with a line break is that, and not the network; nothing is asked with it", async () => {
    rig.sandbox.requests.length = 0;
    const report = await examine({ ...rig.input, token: `${rig.input.token}\n` });
    const found = report.checks.flatMap(({ findings }) => findings);
    expect(found.map(({ id }) => id)).toEqual(["token-malformed"]);
    expect(found[0]?.what).toContain("line break");
    expect(rig.sandbox.requests).toEqual([]);
  });

  async function findingsFor(service: string) {
    const applications = (rig.input.config.applications ?? []).map((each) => ({ ...each, service }));
    const report = await examine({ ...rig.input, config: { ...rig.input.config, applications } });
    return {
      ids: report.checks.flatMap(({ findings }) => findings.map(({ id }) => id)),
      text: toText(report),
    };
  }

  test("18: a certificate that is not trusted is no origin that does not run", async () => {
    app = await serveSelfSigned();
    const { ids, text } = await findingsFor(app.url);
    expect(ids).toEqual(["origin-certificate"]);
    expect(text).not.toMatch(/nothing answers|main\.py/);
  });

  test("18: an origin that takes its own host name alone is not ComfyUI's cross-site check", async () => {
    app = await serveOwnNameOnly();
    const { ids, text } = await findingsFor(app.url);
    expect(ids).toEqual(["origin-host-header"]);
    expect(text).not.toMatch(/another site|main\.py/);
  });
});

test("18: a tunnel that is not set has both remedies: one to make, one to share", () => {
  const { remedy = "" } = problemsOf({}, { stack: "prod" }).find(({ path }) => path === "tunnel") ?? {};
  expect(remedy).toContain("--path tunnel.name");
  expect(remedy).toContain("--path tunnel.id");
});
