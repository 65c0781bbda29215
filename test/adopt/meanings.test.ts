import { expect, test } from "vitest";
import { inEffect, type JudgedKind, meaningOf } from "../../packages/cli/adopt/meanings";
import { kindOf } from "../../packages/cli/drift/kinds";
import { KINDS, type Kind, TYPES } from "../../packages/cloudflare/kinds";
import { apiFields } from "../../packages/cloudflare/kinds/api-form";
import { INGRESS_RULE, WIRE_ORIGIN_REQUEST } from "../../packages/cloudflare/kinds/ingress";

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

test("something hangs on a field that decides or delivers, and on no other", () => {
  const kinds: [JudgedKind, Pick<Kind, "fields"> & Partial<Kind>][] = [
    ["application", KINDS.application],
    ["policy", KINDS.policy],
    ["identity provider", KINDS.identityProvider],
    ["service token", KINDS.token],
    ["DNS record", KINDS.dnsRecord],
    ["alert", KINDS.alert],
    ["ingress rule", { fields: INGRESS_RULE }],
  ];
  for (const [kind, table] of kinds) {
    for (const [field, { decides, delivers }] of Object.entries(apiFields(table))) {
      if (decides !== "nothing") continue;
      const meaning = meaningOf(kind, field);
      const hangs = meaning === "nothing" ? undefined : true;
      expect([kind, field, hangs]).toEqual([kind, field, delivers]);
    }
  }
});

test("an option of a tunnel that nobody sets is in effect what the table of kinds says", () => {
  const { access: _, ...options } = WIRE_ORIGIN_REQUEST;
  expect(Object.keys(options)).toHaveLength(18);
  for (const [option, { decides, delivers, default: value }] of Object.entries(options)) {
    expect([option, value]).not.toEqual([option, undefined]);
    expect(inEffect(option, undefined, undefined)).toEqual(value);
    expect([option, decides !== "nothing" || delivers]).toEqual([option, true]);
  }
  expect(inEffect("constructor", undefined, undefined)).toBeUndefined();
});
