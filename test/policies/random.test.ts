import fc from "fast-check";
import { expect, test } from "vitest";
import { judgeStack } from "../../policies/judge";
import { holds } from "../support/properties";
import { compliant } from "./compliant";

const label = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
const domain = fc
  .tuple(label, fc.constantFrom("space", "org", "example.net"))
  .map((parts) => parts.join("."));
const email = fc
  .tuple(fc.stringMatching(/^[a-z0-9][a-z0-9.+_-]{0,10}$/), domain)
  .map((parts) => parts.join("@"));
const duration = (hours: number) => fc.integer({ min: 1, max: hours * 60 }).map((minutes) => `${minutes}m`);

const application = fc
  .record({
    name: label,
    emails: fc.array(email, { maxLength: 4 }),
    emailDomains: fc.array(domain, { maxLength: 3 }),
    sessionDuration: duration(24),
    tokens: fc.nat(3),
  })
  .filter(({ emails, emailDomains }) => emails.length + emailDomains.length > 0);

const shape = fc.record({
  mode: fc.constantFrom("preview" as const, "update" as const),
  stack: fc.constantFrom("dev", "staging", "prod"),
  shared: fc.boolean(),
  applications: fc.uniqueArray(application, { minLength: 1, maxLength: 5, selector: ({ name }) => name }),
  tokenDurations: fc.array(duration(8760), { minLength: 0, maxLength: 3 }),
});

test("whatever a compliant stack is made of, no rule finds fault with it", () => {
  holds(
    fc.property(shape, (each) => {
      const violations = judgeStack({ resources: compliant(each), teamName: "datacrew" });
      expect(violations.map(({ message }) => message)).toEqual([]);
    }),
    { runs: 500 },
  );
});
