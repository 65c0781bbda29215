import type { Out } from "../demo/steps";
import { MARKS } from "./render/marks";
import type { VerifyRow } from "./report";

/** Shows on a terminal what has just been tried, one line that each next one replaces; silent elsewhere. */
export function showProgress(out: Out): { onRow(row: VerifyRow): void; done(): void } {
  let count = 0;
  if (out.isTTY !== true) return { onRow: () => {}, done: () => {} };
  return {
    onRow({ result, who, what, got }) {
      count += 1;
      const line = `  ${String(count).padStart(3)} ${MARKS[result]} ${who}, ${what}  ${got}`;
      out.write(`\r\x1b[2K${line.slice(0, (out.columns ?? 100) - 1)}`);
    },
    done: () => out.write("\r\x1b[2K"),
  };
}
