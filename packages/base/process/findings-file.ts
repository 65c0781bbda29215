import { readFileSync, writeFileSync } from "node:fs";
import type { Finding } from "../finding";
import { ProblemsError } from "../problems";

/** Names the file that a program writes what it found into; for who runs it and judges how it ended. */
const FINDINGS_FILE = "COMFYUI_ACCESS_FINDINGS_FILE";

/** A finding as the file has it. */
export type WrittenFinding = Finding & { data: unknown };

/** Sets the file in an environment. */
export const findingsIn = (file: string): Record<string, string> => ({ [FINDINGS_FILE]: file });

/** Writes down what an error found, where somebody asked for it: the words of the error are for people. */
export function writeFindings(error: unknown): void {
  const file = process.env[FINDINGS_FILE];
  if (!file || !(error instanceof ProblemsError)) return;
  writeFileSync(file, JSON.stringify(error.findings), { mode: 0o600 });
}

/** What a program wrote down; nothing of one that found nothing. */
export function readFindings(file: string): WrittenFinding[] {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as WrittenFinding[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
