import { createInterface } from "node:readline/promises";

/** Asks on the terminal, and takes anything but a yes for a no. */
export async function ask(question: string): Promise<boolean> {
  // Not on standard output, which may go into a file.
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(question)).trim());
  } finally {
    lines.close();
  }
}
