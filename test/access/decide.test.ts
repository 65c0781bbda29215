import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decide,
  describePolicyTrace,
  type Policy,
  type PolicyDecision,
  type Rule,
} from "../../packages/access";
import { holds } from "../support/properties";
import { forgottenArbitrary, fullSubjectArbitrary, policiesArbitrary, policyArbitrary } from "./arbitraries";

const ann = { email: { email: "ann@datacrew.space" } };
const google = { login_method: { id: "google" } };
const bot = { service_token: { token_id: "token-1" } };
const everyone = { everyone: {} };

const nobody = {
  email: null,
  identityProviderId: null,
  serviceTokenId: null,
  country: "NL",
  ip: "203.0.113.7",
  certificateName: null,
};
const annWithGoogle = { ...nobody, email: "Ann@DataCrew.space", identityProviderId: "google" };
const withToken = { ...nobody, serviceTokenId: "token-1" };

function policy(
  name: string,
  decision: PolicyDecision,
  include: Rule[],
  more: { require?: Rule[]; exclude?: Rule[] } = {},
): Policy {
  return { id: name, name, decision, include, require: [], exclude: [], ...more };
}

describe("decide", () => {
  const people = policy("people", "allow", [ann], { require: [google] });
  const machines = policy("machines", "non_identity", [bot]);

  it("lets the listed person in after the required login, whatever the case of the address", () => {
    const decision = decide([people, machines], annWithGoogle, { names: { google: "Google" } });
    expect(decision.verdict).toBe("granted");
    expect(decision.by?.policy.name).toBe("people");
    expect(decision.reason).toBe(
      'Allow "people" matches: e-mail is ann@datacrew.space, logged in with Google',
    );
  });

  it("refuses the listed person after another login", () => {
    const decision = decide([people], { ...annWithGoogle, identityProviderId: "github" });
    expect(decision.verdict).toBe("refused");
    expect(decision.by).toBeUndefined();
    expect(decision.reason).toBe('no policy matches: Allow "people": no – required: logged in with google');
  });

  it("judges Service Auth before Allow and Block, whatever the order in the list", () => {
    const blockAll = policy("block all", "deny", [everyone]);
    expect(decide([blockAll, machines], withToken)).toMatchObject({
      verdict: "granted",
      by: { policy: { name: "machines" }, phase: "before login" },
    });
  });

  it("ends at the first of Allow and Block that matches", () => {
    const blockAll = policy("block all", "deny", [everyone]);
    expect(decide([blockAll, people], annWithGoogle).verdict).toBe("refused");
    expect(decide([people, blockAll], annWithGoogle).verdict).toBe("granted");
    expect(decide([people, blockAll], annWithGoogle).trace[1]?.reached).toBe(false);
  });

  it("says what an undecided verdict hangs on", () => {
    const here = policy("people", "allow", [ann], { require: [{ geo: { country_code: "NL" } }] });
    const decision = decide([here], { email: "ann@datacrew.space", serviceTokenId: null });
    expect(decision).toMatchObject({ verdict: "undecided", dependsOn: ["country"] });
    expect(decision.trace.map(describePolicyTrace)).toEqual(['Allow "people": depends on country']);
  });

  it("is decided where the unknown cannot change it", () => {
    const blockGermany = policy("block", "deny", [{ geo: { country_code: "DE" } }]);
    expect(decide([blockGermany], {}).verdict).toBe("refused");
  });

  it("counts a service token under Service Auth only", () => {
    const wrong = policy("machines", "allow", [bot]);
    const decision = decide([wrong], withToken);
    expect(decision.verdict).toBe("refused");
    expect(decision.reason).toContain("needs a login");
    const loggedIn = decide([wrong], { ...annWithGoogle, serviceTokenId: "token-1" });
    expect(loggedIn.reason).toContain("service tokens count under Service Auth only");
  });

  it("does not know an e-mail address under Bypass, which is decided before a login", () => {
    expect(decide([policy("open", "bypass", [ann])], annWithGoogle).verdict).toBe("refused");
  });

  it("asks for a login under Allow, even where everyone is included", () => {
    const open = policy("open", "allow", [everyone]);
    expect(decide([open], nobody)).toMatchObject({
      verdict: "refused",
      reason: 'no policy matches: Allow "open": needs a login',
    });
    expect(decide([open], withToken).verdict).toBe("refused");
    expect(decide([open], { email: "eve@example.org" }).verdict).toBe("granted");
    expect(decide([open], {})).toMatchObject({ verdict: "undecided", dependsOn: ["e-mail"] });
  });

  it("leaves out Allow and Block for a request with a token when service tokens are strict", () => {
    const both = { ...annWithGoogle, serviceTokenId: "token-2" };
    expect(decide([people], both).verdict).toBe("granted");
    const strict = decide([people], both, { strictServiceTokens: true });
    expect(strict.verdict).toBe("refused");
    expect(strict.reason).toContain("does not count for a request with a service token");
    expect(decide([people], annWithGoogle, { strictServiceTokens: true }).verdict).toBe("granted");
  });

  it("refuses everybody where there is no policy, and where a policy includes nobody", () => {
    expect(decide([], annWithGoogle)).toMatchObject({ reason: "the application has no policy" });
    expect(decide([policy("empty", "allow", [])], annWithGoogle).verdict).toBe("refused");
  });

  it("never lets in by a rule it does not know", () => {
    const decision = decide([policy("new", "allow", [{ moon_phase: { phase: "full" } }])], annWithGoogle);
    expect(decision).toMatchObject({ verdict: "undecided", dependsOn: ["moon_phase"] });
  });

  it.each([
    ["203.0.113.0/24", "203.0.113.255", "granted"],
    ["203.0.113.0/24", "203.0.114.0", "refused"],
    ["203.0.113.7", "203.0.113.7", "granted"],
    ["2001:db8::/32", "2001:db8:1::1", "granted"],
    ["0.0.0.0/0", "2001:db8::1", "refused"],
    ["not a range", "203.0.113.7", "refused"],
  ])("range %s and address %s: %s", (range, ip, verdict) => {
    expect(decide([policy("office", "bypass", [{ ip: { ip: range } }])], { ...nobody, ip }).verdict).toBe(
      verdict,
    );
  });
});

describe("decide, for any policies and any subject", () => {
  const strict = fc.boolean().map((strictServiceTokens) => ({ strictServiceTokens }));

  it("never contradicts a verdict when an unknown is filled in", () => {
    holds(
      fc.property(policiesArbitrary, forgottenArbitrary, strict, (policies, [full, part], options) => {
        const before = decide(policies, part, options).verdict;
        const after = decide(policies, full, options).verdict;
        expect(before === "undecided" || before === after).toBe(true);
      }),
      { runs: 2000 },
    );
  });

  it("puts Bypass and Service Auth first: moving them in the list changes nothing", () => {
    holds(
      fc.property(policiesArbitrary, fullSubjectArbitrary, strict, (policies, subject, options) => {
        const early = policies.filter(({ decision }) => decision === "bypass" || decision === "non_identity");
        const late = policies.filter((one) => !early.includes(one));
        const listed = decide(policies, subject, options);
        expect(decide([...late, ...early], subject, options)).toEqual(listed);
      }),
    );
  });

  it("requires all: a further require rule never lets a policy match that did not", () => {
    holds(
      fc.property(policyArbitrary, policyArbitrary, fullSubjectArbitrary, (one, other, subject) => {
        const narrower = { ...one, require: [...one.require, ...other.require] };
        const matches = (it: Policy) => decide([it], subject).trace[0]?.match === "yes";
        expect(matches(narrower) && !matches(one)).toBe(false);
      }),
    );
  });

  it("includes any: a further include rule never stops a policy from matching", () => {
    holds(
      fc.property(policyArbitrary, policyArbitrary, fullSubjectArbitrary, (one, other, subject) => {
        const wider = { ...one, include: [...one.include, ...other.include] };
        const matches = (it: Policy) => decide([it], subject).trace[0]?.match === "yes";
        expect(matches(one) && !matches(wider)).toBe(false);
      }),
    );
  });

  it("excludes: a policy that excludes everyone matches nobody", () => {
    holds(
      fc.property(policyArbitrary, fullSubjectArbitrary, (one, subject) => {
        const closed = { ...one, exclude: [...one.exclude, everyone] };
        expect(decide([closed], subject).trace[0]?.match).toBe("no");
      }),
    );
  });

  it("ends at a match: policies after the one that decided change nothing", () => {
    holds(
      fc.property(policiesArbitrary, policyArbitrary, fullSubjectArbitrary, (policies, more, subject) => {
        const before = decide(policies, subject);
        fc.pre(before.by?.phase === "after login" && !["bypass", "non_identity"].includes(more.decision));
        const after = decide([...policies, more], subject);
        expect([after.verdict, after.by]).toEqual([before.verdict, before.by]);
      }),
    );
  });

  it("says why in words, and hangs on nothing once decided", () => {
    holds(
      fc.property(policiesArbitrary, forgottenArbitrary, strict, (policies, [, part], options) => {
        const { verdict, reason, dependsOn, trace } = decide(policies, part, options);
        expect(reason).not.toBe("");
        expect(dependsOn.length > 0).toBe(verdict === "undecided");
        expect(trace).toHaveLength(policies.length);
      }),
    );
  });
});
