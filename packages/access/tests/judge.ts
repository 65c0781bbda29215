import { UserError } from "../../base/errors";
import { nearest } from "../../base/nearest";
import { type Caller, type Explanation, explain, isNamed } from "../explain";
import { isGoogleLogin } from "../google-login";
import type { Situation, StateApplication } from "../situation";
import { type AccessPlace, placesOf, unaskedIn } from "./places";

/** One expectation of the stack config: who may reach what, and who may not. */
export interface AccessTest {
  /** A person's address, tried with the Google login. */
  who?: string;
  /** What else is so when the person asks: `country`, `ip`, `loginMethod`. */
  with?: Readonly<Record<string, string>>;
  /** Name of a service token. */
  token?: string;
  /** True: somebody without any credential. */
  anyone?: boolean;
  /** `<application>`, `<application>/<path>`, or `*` for everything that the stack publishes. */
  allow: readonly string[];
  deny: readonly string[];
}

/** What became of one expectation at one place. */
export interface AccessTestResult {
  /** Which test of the config, from 0. */
  test: number;
  /** Where it stands in the config, e.g. `accessTests[0].allow[1]`. */
  path: string;
  /** The caller in words. */
  who: string;
  /** What is asked for, as the test names it. */
  place: string;
  expected: "allow" | "deny";
  /** In words, e.g. `refused, same as anyone`. */
  got: string;
  passed: boolean;
  /** Application and policy that decided, e.g. `application comfyui, policy Allow "people"`. */
  by?: string;
  /** What to do about a failure. */
  remedy?: string;
}

const CIRCUMSTANCES = ["country", "ip", "loginMethod"];
const SIDES = ["allow", "deny"] as const;

/**
 * Judges access tests on a state or a plan; nothing is asked over the network.
 * What the tests name must exist, and an answer must not hang on anything that a test leaves open: both fail.
 * @param now the time by which tokens expire.
 */
export function judgeAccessTests(
  state: Situation,
  tests: readonly AccessTest[],
  now: Date,
): AccessTestResult[] {
  return tests.flatMap((test, index) => {
    const path = `accessTests[${index}]`;
    const mistake = mistakeOf(test);
    if (mistake !== undefined) {
      const place = [...test.allow, ...test.deny].join(", ");
      const expected = test.allow.length > 0 ? ("allow" as const) : ("deny" as const);
      return [{ test: index, path, who: whoOf(test), place, expected, passed: false, ...mistake }];
    }
    return SIDES.flatMap((expected) =>
      test[expected].flatMap((place, position) =>
        judgeEntry(
          state,
          test,
          { test: index, path: `${path}.${expected}[${position}]`, place, expected },
          now,
        ),
      ),
    );
  });
}

type Entry = Pick<AccessTestResult, "test" | "path" | "place" | "expected">;
type Fault = Pick<AccessTestResult, "got" | "remedy">;

/** What is wrong with a test before any place is looked at. */
function mistakeOf(test: AccessTest): Fault | undefined {
  const { who, token, anyone } = test;
  const subjects = [who, token, anyone || undefined].filter((subject) => subject !== undefined);
  if (subjects.length !== 1) {
    return { got: `${subjects.length} subjects`, remedy: "Give exactly one of who, token and anyone." };
  }
  if (test.allow.length + test.deny.length === 0) {
    return { got: "nothing is expected", remedy: "List application names in allow or deny." };
  }
  const strange = Object.keys(test.with ?? {}).find((name) => !CIRCUMSTANCES.includes(name));
  if (strange === undefined) return undefined;
  return {
    got: `there is no circumstance ${strange}`,
    remedy: `Did you mean ${nearest(strange, CIRCUMSTANCES)}? There are: ${CIRCUMSTANCES.join(", ")}.`,
  };
}

function judgeEntry(state: Situation, test: AccessTest, entry: Entry, now: Date): AccessTestResult[] {
  const who = whoOf(test);
  const places = placesOf(state, entry.place);
  const isAll = entry.place === "*";
  const unasked = unaskedIn(state, entry.place, places).map(({ name, dependsOn }): AccessTestResult => {
    const got = `it depends on ${dependsOn.join(", ")}`;
    const place = isAll ? `* (${name})` : entry.place;
    return { ...entry, who, place, got, passed: false, remedy: statement(dependsOn) };
  });
  if (places.length === 0 && unasked.length === 0) {
    return [{ ...entry, who, passed: false, ...unknownPlace(state, entry.place) }];
  }
  const results = places.map((place) => {
    const rule = place.rule === undefined ? "" : ` (paths like ${place.rule})`;
    const asked = {
      ...entry,
      who,
      place: `${labelOf(entry.place, place)}${rule}`,
    };
    try {
      const caller = callerOf(state, test, place.application);
      const explanation = explain(state, { ...place, caller }, now);
      return { ...asked, ...verdictOn(test, entry.expected, explanation, place) };
    } catch (error) {
      // The test names a token or a login that is not there.
      if (!(error instanceof UserError)) throw error;
      return { ...asked, got: error.message.split("\n")[0] ?? "", passed: false, remedy: error.remedy };
    }
  });
  return [...worstOfEach(results), ...unasked];
}

/** What is asked for, with the host name where it is one of several. */
function labelOf(wanted: string, { name, host }: AccessPlace): string {
  if (wanted === "*") return `* (${name}${host === undefined ? "" : ` at ${host}`})`;
  return host === undefined ? wanted : `${wanted} (${host})`;
}

/** Of the paths that one rule takes at one place, the first that fails stands for all, or the first. */
function worstOfEach(results: readonly AccessTestResult[]): AccessTestResult[] {
  const worst = new Map<string, AccessTestResult>();
  for (const result of results) {
    const found = worst.get(result.place);
    if (found === undefined || (found.passed && !result.passed)) worst.set(result.place, result);
  }
  return [...worst.values()];
}

function unknownPlace(state: Situation, wanted: string): Fault {
  if (wanted === "*") {
    return { got: "* matches nothing", remedy: "Declare an application, or remove the test." };
  }
  const names = state.applications.map(({ name }) => name);
  const [name = ""] = wanted.split("/");
  return {
    got: name === "" ? "an empty entry" : `there is no application ${name}`,
    remedy: `Did you mean ${nearest(name, names) ?? "another stack"}? It has: ${names.join(", ") || "none"}.`,
  };
}

function callerOf(
  state: Situation,
  { who, token, with: circumstances = {} }: AccessTest,
  application: StateApplication | undefined,
): Caller {
  const { country, ip, loginMethod = googleOf(state, application) } = circumstances;
  const from = { country: country?.toUpperCase(), ip };
  if (who !== undefined) return { email: who, loginMethod, ...from };
  return token === undefined ? { nobody: true, ...from } : { token, ...from };
}

/** The Google login among those offered; undefined where the only one offered is somebody else's to know. */
function googleOf(state: Situation, application: StateApplication | undefined): string | undefined {
  const offered = application?.allowedIdps ?? [];
  if (offered.length === 1) return undefined;
  const google = state.identityProviders.filter(
    ({ id, type = "" }) => isGoogleLogin(type) && (offered.length === 0 || offered.includes(id)),
  );
  return google.length === 1 ? google[0]?.id : undefined;
}

function verdictOn(
  test: AccessTest,
  expected: "allow" | "deny",
  explanation: Explanation,
  place: AccessPlace,
): Pick<AccessTestResult, "got" | "passed" | "by" | "remedy"> {
  const { verdict, dependsOn, reason, stoppedAt } = explanation;
  const by = decidedBy(explanation);
  if (verdict === "undecided") {
    return { got: `it depends on ${dependsOn.join(", ")}`, passed: false, by, remedy: statement(dependsOn) };
  }
  const reaches = verdict === "granted" || verdict === "unguarded";
  const anyone = test.who !== undefined && place.application && !isNamed(place.application, test.who);
  const got = [
    reaches ? "allowed" : "refused",
    ...(stoppedAt === undefined ? [] : [STOPS[stoppedAt]]),
    ...(anyone ? [", same as anyone"] : []),
  ].join("");
  if (anyone && expected === "allow") {
    const remedy = `No rule names ${test.who}: mend the address, or allow it in the config.`;
    return { got, passed: false, by, remedy };
  }
  if (reaches === (expected === "allow")) return { got, passed: true, by };
  const remedy =
    verdict === "unguarded"
      ? `Put an application in front of ${place.hostname}, or take it out of the tunnel.`
      : `Change who is allowed, or the test (${reason}).`;
  return { got, passed: false, by, remedy };
}

function decidedBy({ application, policy, hostname }: Explanation): string {
  if (application === undefined) return `no application in front of ${hostname}`;
  const by = policy === undefined ? "no policy" : `policy ${policy.action} "${policy.name}"`;
  return `application ${application.name}, ${by}`;
}

/** What refuses, where it is not Access. */
const STOPS: Readonly<Record<NonNullable<Explanation["stoppedAt"]>, string>> = {
  name: ": nothing leads there",
  tunnel: " by the tunnel",
  access: "",
  connector: " by the connector",
};

const STATED: Readonly<Record<string, string>> = {
  country: "country: NL",
  "IP address": "ip: 203.0.113.7",
  "login method": "loginMethod: Google",
};

function statement(dependsOn: readonly string[]): string {
  const parts = dependsOn.map((fact) => STATED[fact]);
  return parts.includes(undefined)
    ? "No test can state that: have `verify` or a person try it, and remove the test."
    : `State it in the test, e.g. with: { ${parts.join(", ")} }.`;
}

function whoOf({ who, token, anyone, with: circumstances = {} }: AccessTest): string {
  const subject = who ?? (token === undefined ? anyone && "anyone" : `token ${token}`) ?? "";
  const with_ = Object.entries(circumstances).map(([name, value]) => `${name} ${value}`);
  return [subject || "nobody named", ...with_].join(", ");
}
