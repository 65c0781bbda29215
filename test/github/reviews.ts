import type { Review } from "../../packages/github/plain/review";

export const commit = "a".repeat(40);

/** A review of a change that nothing forbids. */
export function goodReview(): Review {
  return {
    version: 1,
    project: "comfyui-access",
    stack: "prod",
    commit,
    completed: true,
    access: {
      hash: "1".repeat(64),
      verdict: "wider",
      agreed: true,
      lines: ["+ second@datacrew.space: gain of comfyui.datacrew.space, by login, for 24 h"],
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
