import { expect, test } from "vitest";
import { meaningOf } from "../../packages/cli/adopt/meanings";
import { kindOf } from "../../packages/cli/drift/kinds";
import { TYPES } from "../../packages/cloudflare/kinds";

test("every field that drift knows of an object that is taken has been judged", () => {
  const kinds = [
    ["application", TYPES.application],
    ["policy", TYPES.policy],
    ["identity provider", TYPES.identityProvider],
    ["service token", TYPES.token],
    ["DNS record", TYPES.dnsRecord],
    ["alert", TYPES.alert],
  ] as const;
  for (const [kind, type] of kinds) {
    const known = kindOf(type);
    const fields = [...Object.keys(known?.fields ?? {}), ...Object.keys(known?.bookkeeping ?? {})];
    expect(fields.length).toBeGreaterThan(4);
    const open = fields.filter((field) => meaningOf(kind, field) === undefined);
    // Of applications of other types, which are not taken.
    expect(open).toEqual(kind === "application" ? ["saas_app", "target_criterias"] : []);
  }
});
