import fc from "fast-check";
import { expect, test } from "vitest";
import { outcomeOf } from "../../packages/access/endings";
import { siteOf } from "../../packages/access/site";
import type { Situation } from "../../packages/access/situation";
import {
  COUNTRIES,
  EMAILS,
  HOSTNAMES,
  LOGINS,
  PATHS,
  stateArbitrary,
  TOKENS,
} from "../access-diff/arbitraries";
import { holds } from "../support/properties";
import { type Asked, naiveEnd } from "./naive";

const CALLERS = [
  { email: null, login: null, token: null },
  ...[...EMAILS, "zoe@nowhere.test"].flatMap((email) =>
    [...LOGINS, "login-other"].map((login) => ({ email, login, token: null })),
  ),
  ...[...TOKENS, "token-9"].map((token) => ({ email: null, login: null, token })),
];
const FROM = [...COUNTRIES, "FR"].flatMap((country) =>
  ["203.0.113.200", "203.0.113.9", "198.51.100.1", "2001:db8::9"].map((ip) => ({ country, ip })),
);

/** Everybody at every place, each from one address: the addresses take turns. */
const ASKED: readonly Asked[] = HOSTNAMES.flatMap((hostname) =>
  PATHS.flatMap((path) => CALLERS.map((caller) => ({ hostname, path, ...caller }))),
).map((asked, index) => ({
  ...asked,
  ...(FROM[index % FROM.length] ?? { country: "NL", ip: "203.0.113.9" }),
}));

/** What the model says of a request. */
function verdictOn(state: Situation, { hostname, path, email, login, token, country, ip }: Asked): string {
  const subject = {
    email,
    identityProviderId: login,
    serviceTokenId: token,
    country,
    ip,
    certificateName: null,
  };
  return outcomeOf({ site: siteOf(state, { hostname, path }), subject }).verdict;
}

test("random situations × all places × all subjects: reach is what a plain reading of the rules says", () => {
  const seen = new Map<string, number>();
  holds(
    fc.property(stateArbitrary({ open: true }), (state) => {
      for (const asked of ASKED) {
        const [plain, model] = [naiveEnd(state, asked), verdictOn(state, asked)];
        if (plain !== model)
          throw new Error(`${JSON.stringify(asked)}: ${plain} by plain reading, and ${model}`);
        seen.set(model, (seen.get(model) ?? 0) + 1);
      }
    }),
    // A whole run goes through 2,000.
    { runs: 200 },
  );
  // Each kind of answer is met often, or the comparison would say little.
  for (const verdict of ["in", "out", "open"]) expect(seen.get(verdict)).toBeGreaterThan(200);
});

/** A situation of one application, of which a record and a tunnel rule are as given. */
function situation(record: object, audTags: string[]): Situation {
  return {
    applications: [
      {
        id: "app",
        name: "comfyui",
        aud: "aud",
        destinations: [{ type: "public", uri: "comfyui.datacrew.space" }],
        policies: [
          {
            id: "p",
            name: "people",
            decision: "allow",
            include: [{ everyone: {} }],
            require: [],
            exclude: [],
          },
        ],
        allowedIdps: [],
        serviceAuth401: false,
        preflightBypass: false,
      },
    ],
    tokens: [],
    identityProviders: [],
    ingress: [
      { hostname: "comfyui.datacrew.space", service: "http://localhost:8188", jwtRequired: true, audTags },
    ],
    records: [{ name: "comfyui.datacrew.space", proxied: true, target: "house.cfargotunnel.com", ...record }],
    tunnelId: "house",
    hostnames: [],
    notJudged: [],
  };
}

const ANN: Asked = {
  hostname: "comfyui.datacrew.space",
  path: "/",
  email: "ann@datacrew.space",
  login: "login-google",
  token: null,
  country: "NL",
  ip: "203.0.113.9",
};

test.each<[string, Situation, string]>([
  ["all is as it should be", situation({}, ["aud"]), "in"],
  ["a tunnel's record that is not proxied", situation({ proxied: false }, ["aud"]), "out"],
  [
    "a record that leads past Cloudflare",
    situation({ proxied: false, target: "192.0.2.7" }, ["aud"]),
    "open",
  ],
  ["a connector that takes another audience", situation({}, ["another"]), "out"],
  ["a connector that takes none", situation({}, []), "out"],
])("%s", (_, state, verdict) => {
  expect(verdictOn(state, ANN)).toBe(verdict);
  expect(naiveEnd(state, ANN)).toBe(verdict);
});

test("what is not judged leaves nothing decided where it may bear", () => {
  const state = situation({}, ["aud"]);
  const about = { code: "kind", kind: "cloudflare:index/ruleset:Ruleset", name: "x", mark: "" } as const;
  expect(verdictOn({ ...state, notJudged: [about] }, ANN)).toBe("open");
  expect(verdictOn({ ...state, notJudged: [{ ...about, host: "other.datacrew.space" }] }, ANN)).toBe("in");
  expect(verdictOn({ ...state, notJudged: [{ ...about, decides: "credentials" }] }, ANN)).toBe("in");
});
