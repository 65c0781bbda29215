import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applicationFor } from "../../packages/access";
import { type Caller, explain } from "../../packages/access/explain";
import type { Situation } from "../../packages/access/situation";
import { judgeAccessTests } from "../../packages/access/tests/judge";
import { compareCallers } from "../../packages/cli/access-diff/cells";
import { OTHER_LOGIN, type Principal, witnessOf } from "../../packages/cli/access-diff/principals";
import { parseSituation } from "../../packages/cloudflare/read-situation";
import { stateArbitrary } from "../access-diff/arbitraries";
import { exported } from "../explain/state";
import { holds } from "../support/properties";

const NOW = new Date("2026-11-30T12:00:00Z");
const HOST = "comfyui.datacrew.space";
const ARTIST = "artist@datacrew.space";

const NOTHING: Situation = {
  applications: [],
  tokens: [],
  identityProviders: [],
  ingress: [],
  records: [],
  hostnames: [],
  notJudged: [],
};

interface Asked {
  hostname: string;
  path: string;
  caller: Caller;
  /** Whether the access diff, from nothing to the state, says that this caller gains. */
  gains: boolean;
}

/** Every place of a state and everybody whom its rules tell apart there, with what the access diff says of them. */
function askedOf(state: Situation): Asked[] {
  return compareCallers({ before: NOTHING, after: state }).flatMap(
    ({ place, principal, combinations, cells }) => {
      const policies = applicationFor(state.applications, place.hostname, place.path)?.policies ?? [];
      return combinations.flatMap((circumstances) => {
        const { email } = witnessOf(principal, state, NOTHING, policies);
        const caller = callerOf(principal, email, state, circumstances);
        const change = cells.find((cell) => cell.circumstances === circumstances)?.change;
        return caller === undefined ? [] : [{ ...place, caller, gains: change?.kind === "gain" }];
      });
    },
  );
}

function callerOf(
  principal: Principal,
  email: string | null | undefined,
  { tokens }: Situation,
  { login, country, ip }: { login?: string; country?: string; ip?: string },
): Caller | undefined {
  const from = { ...(country && { country }), ...(ip && { ip }) };
  if (principal.kind === "nobody") return { nobody: true, ...from };
  // Neither explain nor an access test asks for both at once.
  if (principal.kind === "both") return undefined;
  if (typeof email === "string") {
    return login === OTHER_LOGIN ? undefined : { email, loginMethod: login, ...from };
  }
  const named = principal.kind === "token" && tokens.some(({ id }) => id === principal.id);
  return named ? { token: principal.id, ...from } : undefined;
}

/** What an access test says of a caller at an application: whether `allow` and whether `deny` would pass. */
function tested(state: Situation, caller: Caller, wanted: string): { allow: boolean; deny: boolean } {
  const { country, ip } = caller;
  const stated = { ...(country && { country }), ...(ip && { ip }) };
  const subject =
    "email" in caller
      ? { who: caller.email, with: { ...stated, loginMethod: caller.loginMethod ?? "" } }
      : "token" in caller
        ? { token: caller.token, with: stated }
        : { anyone: true, with: stated };
  const passes = (side: "allow" | "deny") =>
    judgeAccessTests(state, [{ ...subject, allow: [], deny: [], [side]: [wanted] }], NOW).every(
      ({ passed }) => passed,
    );
  return { allow: passes("allow"), deny: passes("deny") };
}

/** The states' applications get names that an access test can say. */
const named = (state: Situation): Situation => ({
  ...state,
  applications: state.applications.map((each, index) => ({ ...each, name: `app-${index}` })),
  hostnames: state.records.map(({ name }) => name),
});

/** Whether anything on the way to a place is missing in the state, or leads out of it. */
function isOpen(state: Situation, hostname: string, path: string): boolean {
  const record = state.records.find(({ name }) => name === hostname);
  if (record === undefined || !record.target?.endsWith(".cfargotunnel.com")) return true;
  if (record.target !== `${state.tunnelId}.cfargotunnel.com`) return true;
  return !state.ingress.some(
    (rule) =>
      (rule.hostname === undefined || rule.hostname === hostname) && new RegExp(rule.path ?? "").test(path),
  );
}

test("15: explain, the access tests and the access diff give one answer for every place and caller", () => {
  const counts = { granted: 0, unguarded: 0, refused: 0, undecided: 0, tested: 0 };
  holds(
    fc.property(stateArbitrary(), (made) => {
      const state = named(made);
      for (const { hostname, path, caller, gains } of askedOf(state)) {
        const where = `${JSON.stringify(caller)} at ${hostname}${path}`;
        const { verdict, reason, dependsOn } = explain(state, { hostname, path, caller }, NOW);
        counts[verdict] += 1;
        const reaches = verdict !== "refused";
        if (reaches !== gains)
          throw new Error(`${where}: ${verdict} (${reason}), but the diff says ${gains}`);
        // Everything is stated here, so only a gap in the state can leave it open.
        if (verdict === "undecided" && (dependsOn.length === 0 || !isOpen(state, hostname, path))) {
          throw new Error(`${where}: undecided, on ${dependsOn.join()}`);
        }
        const application = applicationFor(state.applications, hostname, path);
        const uri = String(application?.destinations[0]?.["uri"]);
        if (application === undefined || uri !== `${hostname}${path}`.replace(/\/$/, "")) continue;
        counts.tested += 1;
        const { allow, deny } = tested(state, caller, `${application.name}/`);
        if (deny !== (verdict === "refused")) throw new Error(`${where}: ${verdict}, but deny gives ${deny}`);
        if (allow && verdict !== "granted") throw new Error(`${where}: ${verdict}, but allow passes`);
        // All of the application is meant: also where other rules of the tunnel take some of its paths.
        const whole = tested(state, caller, application.name);
        if (whole.deny && !deny) throw new Error(`${where}: deny passes for all of it, and not there`);
        if (whole.allow && !allow) throw new Error(`${where}: allow passes for all of it, and not there`);
      }
    }),
    { runs: 300 },
  );
  // Without enough of each it would prove nothing.
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(50);
}, 300_000);

/** The answers of all three on the usual state with a part of it changed. */
function answers(...edits: [part: string | RegExp, instead: string][]) {
  const text = edits.reduce((all, [part, instead]) => {
    const next = all.replaceAll(new RegExp(part, "g"), instead);
    if (next === all) throw new Error(`the state has no ${part}`);
    return next;
  }, exported());
  const state = parseSituation(text, "the state");
  const gains = askedOf(state).filter((asked) => asked.hostname === HOST && asked.gains);
  const of = (caller: Caller) => explain(state, { hostname: HOST, path: "/", caller }, NOW);
  return {
    artist: of({ email: ARTIST }),
    token: of({ token: "comfyui-api" }),
    nobody: of({ nobody: true }),
    gains: gains.length > 0,
    allow: tested(state, { token: "comfyui-api" }, "comfyui"),
    deny: tested(state, { nobody: true }, "comfyui").deny,
  };
}

const AUD = "a".repeat(64);
const TUNNEL = "tunnel.cfargotunnel.com";

describe("15: what decides beside the policies", () => {
  test("as it was left, everybody gets the declared answer", () => {
    const { artist, token, nobody, gains, allow, deny } = answers();
    expect([artist.verdict, token.verdict, nobody.verdict]).toEqual(["granted", "granted", "refused"]);
    expect({ gains, allow, deny }).toEqual({ gains: true, allow: { allow: true, deny: false }, deny: true });
  });

  test.each<[string, [string, string], string]>([
    ["a record that is not proxied", ['"proxied":true', '"proxied":false'], "name"],
    [
      "a connector that takes another application's JWT",
      [`"audTags":\\["${AUD}"\\]`, '"audTags":["b"]'],
      "connector",
    ],
    ["a connector that takes no JWT at all", [`"audTags":\\["${AUD}"\\]`, '"audTags":[]'], "connector"],
    ["a tunnel without a rule for the host name", [`{"hostname":"${HOST}"[^}]*}}},`, ""], "tunnel"],
  ])("%s: nobody gets in, and all three say so", (_, edit, at) => {
    const { artist, token, gains, allow } = answers(edit);
    expect([artist, token]).toMatchObject([
      { verdict: "refused", stoppedAt: at },
      { verdict: "refused", stoppedAt: at },
    ]);
    expect({ gains, allow }).toEqual({ gains: false, allow: { allow: false, deny: true } });
  });

  test.each<[string, [string, string], RegExp]>([
    [
      "no DNS record",
      [`"name":"${HOST}","type"`, '"name":"other.datacrew.space","type"'],
      /DNS record of comfyui/,
    ],
    ["a record that leads to another tunnel", [TUNNEL, "other.cfargotunnel.com"], /other\.cfargotunnel\.com/],
    ["a record of which the target is not known", [`"content":"${TUNNEL}",`, ""], /where the DNS record/],
    [
      "a shared tunnel of which only others may hold the rule",
      ['"ingresses":\\[.*?404"}\\]', '"ingresses":[]'],
      /rule for/,
    ],
    [
      "a rule of which the audience is encrypted",
      [`\\["${AUD}"\\]`, '["[secret]"]'],
      /audience the connector takes/,
    ],
    [
      "an application of which the audience is not known",
      [`"aud":"${AUD}",`, ""],
      /audience of application comfyui/,
    ],
  ])("%s: undecided, and neither allow nor deny passes for who may pass Access", (_, edit, on) => {
    const { artist, token, allow } = answers(edit);
    expect([artist.verdict, token.verdict]).toEqual(["undecided", "undecided"]);
    expect(token.dependsOn.join()).toMatch(on);
    expect(allow).toEqual({ allow: false, deny: false });
  });

  test("an address without Cloudflare in front asks nobody, so that no deny passes", () => {
    const { nobody, deny, gains } = answers(['"proxied":true', '"proxied":false'], [TUNNEL, "192.0.2.7"]);
    expect(nobody.verdict).toBe("undecided");
    expect(nobody.dependsOn.join()).toContain("192.0.2.7");
    expect({ deny, gains }).toEqual({ deny: false, gains: true });
  });
});
