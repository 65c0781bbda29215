import { expect, test } from "vitest";
import { ApiError, UserError } from "../../packages/base/errors";
import { failureOf } from "../../packages/cli/commands/failure";
import { ApiFailure } from "../../packages/cloudflare/api-failure";

const wordsOf = (error: Error) => failureOf(error).text;

test("what to do after a call that failed is told by its status, whatever its words hold", () => {
  const call = { action: "read", object: "the zones", status: 403 };
  for (const detail of ["refused", "refused → see the dashboard", "refused\n  by a rule", undefined]) {
    expect(wordsOf(new ApiError({ ...call, detail }))).toMatch(
      /\n {2}→ Look whether the API token is active/,
    );
  }
  const cut = new ApiFailure({
    ...call,
    status: undefined,
    kind: "no answer",
    detail: "no answer\n(ECONNRESET)",
  });
  expect(wordsOf(cut)).toMatch(/\n {2}→ Look whether this machine reaches the API/);
});

test("what the engine says is left as it is", () => {
  const engine = new ApiError({ action: "run", object: "pulumi up (exit 255)", detail: "Diagnostics: no" });
  expect(wordsOf(engine)).toBe("\nerror: could not run pulumi up (exit 255): Diagnostics: no\n");
  expect(wordsOf(new UserError("x is y", "Mend x."))).toBe("\nerror: x is y\n  → Mend x.\n");
});
