import {
  type AccessChange,
  type Review,
  SECTIONS,
  type SectionChange,
  type SectionName,
} from "../../packages/github/plain/review";

export const commit = "a".repeat(40);

/** An access change of which every other section is the same as before. */
export function accessOf(changed: Partial<Record<SectionName, SectionChange>> = {}): AccessChange {
  const sections = SECTIONS.map((name) => [name, changed[name] ?? { verdict: "same", lines: [] }]);
  return { hash: "1".repeat(64), labels: [], sections: Object.fromEntries(sections) };
}

/** A review of a change that nothing forbids. */
export function goodReview(): Review {
  return {
    version: 2,
    project: "comfyui-access",
    stack: "prod",
    commit,
    completed: true,
    access: {
      ...accessOf({
        access: {
          verdict: "wider",
          lines: ["+ second@datacrew.space: gain of comfyui.datacrew.space, by login, for 24 h"],
        },
      }),
      labels: ["access-widens"],
    },
    accessTests: { passed: 4, failures: [] },
    guardrails: [],
    counts: { update: 1, delete: 1, same: 20 },
    steps: [
      {
        op: "update",
        type: "cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy",
        name: "comfyui-people",
        properties: ["includes"],
      },
      { op: "delete", type: "cloudflare:index/dnsRecord:DnsRecord", name: "old-route", properties: [] },
    ],
    lowered: [],
    diagnostics: [],
  };
}
