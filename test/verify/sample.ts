import { summarize, type VerifyReport, type VerifyRow } from "../../packages/cli/verify/report";
import { WHAT, WHAT_NAMES, WHO, WHO_NAMES } from "../../packages/cli/verify/target";

/** A report as `verify` makes them, with some rows of each kind; nothing was tried for it. */
export function sampleReport(change: (row: VerifyRow) => VerifyRow = (row) => row): VerifyReport {
  const matrix = WHO.flatMap((who) =>
    WHAT.map(
      (what): VerifyRow => ({
        id: `comfyui/${who}/${what}`,
        group: "matrix",
        application: "comfyui",
        who: WHO_NAMES[who],
        what: WHAT_NAMES[what],
        expected: "200 from ComfyUI",
        got: "200 from ComfyUI",
        result: "passed",
        ms: 12,
      }),
    ),
  );
  const around: VerifyRow = {
    id: "comfyui/around/http",
    group: "around",
    application: "comfyui",
    who: "no credential",
    what: "http:// instead of https://",
    expected: "no answer from ComfyUI",
    got: "301 (redirect to https://comfyui.datacrew.space/system_stats)",
    result: "passed",
    ms: 8,
  };
  const rows = [...matrix, around].map(change);
  return {
    startedAt: "2026-11-23T12:00:00.000Z",
    durationMs: 3456,
    environment: "stack prod",
    applications: [{ name: "comfyui", url: "https://comfyui.datacrew.space" }],
    notes: ["Only safe requests were made: nothing was uploaded and no prompt queued."],
    rows,
    summary: summarize(rows),
  };
}

/** Makes the valid token's cells fail, with text that markup has to be guarded against. */
export function failing(row: VerifyRow): VerifyRow {
  if (row.who !== WHO_NAMES["valid-token"]) return row;
  return {
    ...row,
    got: '403 (page "<script>alert(1)</script>" & \u0001more)',
    result: "failed",
    detail: "stopped by Access",
    cause: `The token "comfyui-api" is not named by <any> policy ${"and this goes on for a while ".repeat(5)}`,
    next: "Run `pulumi up`.",
  };
}

/** Leaves the allowed user's cells to a person, and the docker row out. */
export function leftOpen(row: VerifyRow): VerifyRow {
  if (row.who === WHO_NAMES["allowed-user"]) {
    return { ...row, got: "", result: "person", detail: "no test accounts", next: "Log in by hand." };
  }
  if (row.who !== WHO_NAMES.docker) return row;
  return { ...row, got: "", result: "not-applicable", detail: "the name comfyui:8188 does not resolve here" };
}
