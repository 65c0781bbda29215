import type { AccessTestResult } from "./judge";

/** Access tests as text: the count, then one line for each, with what to do about a failure below it. */
export function renderAccessTests(results: readonly AccessTestResult[]): string {
  const failed = results.filter(({ passed }) => !passed).length;
  const head =
    failed === 0
      ? `${results.length} access tests, all passed`
      : `${failed} of ${results.length} access tests FAILED`;
  const width = Math.max(...results.map(({ who }) => who.length));
  const lines = results.flatMap(({ passed, who, expected, place, got, by, path, remedy = "" }) => [
    `  ${passed ? "✓" : "✗"} ${who.padEnd(width)}  ${expected.padEnd(5)}  ${place}: ${got}${by === undefined ? "" : `  [${by}]`}`,
    ...(passed ? [] : [`      ${path} → ${remedy}`]),
  ]);
  return `${[head, "", ...lines].join("\n")}\n`;
}
