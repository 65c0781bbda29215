import { describe, expect, test } from "vitest";
import { caused } from "../../packages/cli/verify/cause-words";
import { diagnose } from "../../packages/cli/verify/causes";
import type { Outcome } from "../../packages/cli/verify/outcome";

const facts = {
  who: "valid-token",
  what: "page",
  application: { name: "comfyui", url: "https://comfyui.datacrew.space" },
  now: new Date("2026-06-01T00:00:00Z"),
} as const;

const unreachable = (
  reason: (Outcome & { is: "unreachable" })["reason"],
  detail: string,
): Outcome & { is: "unreachable" } => ({ is: "unreachable", reason, detail });

describe("why nothing answers for the host name", () => {
  test.each([
    [unreachable("name", "ENOTFOUND"), "no-record"],
    [unreachable("connection", "ECONNREFUSED"), "connection-refused"],
    [unreachable("connection", "ECONNRESET"), "no-connection"],
    [unreachable("connection", "EHOSTUNREACH"), "no-connection"],
    [unreachable("timeout", "ETIMEDOUT"), "no-answer-in-time"],
    [unreachable("tls", "SELF_SIGNED_CERT_IN_CHAIN"), "certificate-not-trusted"],
    [unreachable("tls", "EPROTO"), "no-connection"],
  ])("$detail", (outcome, code) => {
    expect(diagnose(outcome, facts).code).toBe(code);
  });

  test("a connection that broke off is not told to be a missing record", () => {
    const { cause } = caused("id", "failed", diagnose(unreachable("connection", "ECONNRESET"), facts));
    expect(cause).toContain("ECONNRESET");
    expect(cause).not.toContain("record");
  });
});

test("a token that has expired is rotated by `rotate`, and not half by hand", () => {
  const refused: Outcome = { is: "refused", status: 401, by: "access" };
  const reason = diagnose(refused, { ...facts, tokenExpiresAt: "2026-01-01T00:00:00Z" });
  const { finding, next } = caused("id", "failed", reason);
  expect(finding.code).toBe("token-expired");
  expect(next).toContain("npm run cli -- rotate --stack <stack> --token <token>");
  expect(next).not.toContain("version");
});
