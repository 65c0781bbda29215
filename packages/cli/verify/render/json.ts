import type { VerifyReport } from "../report";

/** The report as JSON, with everything but the pictures: those belong to the HTML form. */
export function toJson(report: VerifyReport): string {
  const rows = report.rows.map(({ screenshot: _, ...row }) => row);
  return `${JSON.stringify({ ...report, rows }, null, 2)}\n`;
}
