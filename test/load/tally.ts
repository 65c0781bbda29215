import { percentile } from "./slope";

/** What became of the requests of one kind. */
interface Row {
  right: number;
  /** Answers that are not the ones due, in words. */
  wrong: string[];
  /** Requests without an answer, in words. */
  failed: string[];
  ms: number[];
}

/** Counts answers: right, wrong, failed, and how long they took. */
export class Tally {
  readonly rows = new Map<string, Row>();

  /** Runs one request. It answers what is wrong with its answer, nothing when that is right, and throws when it fails. */
  async count(kind: string, request: () => Promise<string | undefined>): Promise<void> {
    const row = this.rows.get(kind) ?? { right: 0, wrong: [], failed: [], ms: [] };
    this.rows.set(kind, row);
    const start = performance.now();
    try {
      const wrong = await request();
      if (wrong === undefined) row.right += 1;
      else row.wrong.push(wrong);
    } catch (error) {
      row.failed.push(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    }
    row.ms.push(performance.now() - start);
  }

  get total(): number {
    return [...this.rows.values()].reduce((sum, { ms }) => sum + ms.length, 0);
  }

  /** Everything that was not as it must be, the same words once. */
  get faults(): string[] {
    return [...this.rows].flatMap(([kind, { wrong, failed }]) =>
      [...new Set([...wrong, ...failed])].map((words) => `${kind}: ${words}`),
    );
  }

  /** A table, kinds in the order of the alphabet. */
  table(): string {
    const head = ["kind", "right", "wrong", "failed", "p50 ms", "p99 ms"];
    const rows = [...this.rows]
      .toSorted()
      .map(([kind, { right, wrong, failed, ms }]) => [
        kind,
        ...[right, wrong.length, failed.length, percentile(ms, 0.5), percentile(ms, 0.99)].map((value) =>
          value.toFixed(0),
        ),
      ]);
    const width = (column: number) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0));
    const line = (row: string[]) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(width(0)) : cell.padStart(width(column))))
        .join("  ");
    return [head, ...rows].map(line).join("\n");
  }
}
