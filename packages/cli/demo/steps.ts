/** Where progress is written; a test hands in its own. */
export interface Out {
  write(text: string): void;
  /** Whether a line may be overwritten and coloured. */
  isTTY?: boolean;
  columns?: number;
}

/** What a step has to say when it is done. */
export interface StepResult<T> {
  value: T;
  /** One line: what came of it. */
  summary: string;
  /** Further lines, indented below. */
  lines?: string[];
}

/** One finished step. */
export interface FinishedStep {
  name: string;
  summary: string;
  ms: number;
}

const nameWidth = 12;

/** Runs named steps one after the other, showing what each is doing, what came of it and how long it took. */
export class Steps {
  readonly finished: FinishedStep[] = [];

  constructor(private readonly out: Out) {}

  /** Runs one step; `note` shows what it is at while it runs. */
  async run<T>(name: string, work: (note: (text: string) => void) => Promise<StepResult<T>>): Promise<T> {
    const started = performance.now();
    const elapsed = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
    let last = "starting";
    const redraw = () => {
      if (!this.out.isTTY) return;
      const line = `  … ${name.padEnd(nameWidth)} ${last} (${elapsed()})`;
      this.out.write(`\r\x1b[2K${line.slice(0, (this.out.columns ?? 100) - 1)}`);
    };
    const note = (text: string) => {
      last = text;
      if (this.out.isTTY) redraw();
      else this.out.write(`    ${name.padEnd(nameWidth)} ${text}\n`);
    };
    redraw();
    const ticker = setInterval(redraw, 500);
    try {
      const { value, summary, lines } = await work(note);
      this.clear();
      this.out.write(`  ✓ ${name.padEnd(nameWidth)} ${summary.padEnd(66)} ${elapsed().padStart(8)}\n`);
      for (const line of lines ?? []) this.out.write(`      ${line}\n`);
      this.finished.push({ name, summary, ms: Math.round(performance.now() - started) });
      return value;
    } catch (error) {
      this.clear();
      this.out.write(`  ✗ ${name.padEnd(nameWidth)} failed after ${elapsed()}\n`);
      throw error;
    } finally {
      clearInterval(ticker);
    }
  }

  private clear(): void {
    if (this.out.isTTY) this.out.write("\r\x1b[2K");
  }
}

/** Rows of text in columns, each as wide as its longest cell. */
export function table(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}
