/*
 * What is still open. The lists can only shrink: a row that is named and still listed fails the test, and so does one
 * that is listed and no row.
 */

/** Attacks that the review passes as green, by row, with the reason. */
export const KNOWN: Readonly<Record<string, string>> = {
  "code: tokens as a plain output of the stack":
    "a preview prints the stack as it was, without the outputs that it is to have",
  "code: a credential sent by the program itself":
    "a plan tells resources, and not what the program does while it is made",
  "hiding: a person more, from tomorrow on":
    "a preview is of today; what the update comes to has to be compared",
  "hiding: people who cannot be taken out any more":
    "the plan prints ignoreChanges, and the comparison does not read it yet",
  "hiding: an application that stays when the stack lets go of it":
    "the plan prints retainOnDelete, and the comparison does not read it yet",
};

/** Attacks that stop the review and are not named where they belong, by row, with the reason. */
export const UNNAMED: Readonly<Record<string, string>> = {};

/** Changes of what judges: the list of changed files, by the job that runs the base branch's code, is to tell them. */
export const WAITING: readonly string[] = [
  "judge: a diff that finds nothing",
  "judge: a review that asks nobody",
  "judge: a field that decides nothing any more",
  "judge: a guardrail that lets everything pass",
  "judge: a workflow that agrees by itself",
  "judge: a deployment that compares nothing",
  "judge: other owners of the code",
  "judge: a test of the diff taken out",
  "judge: a translator of the judges' code that adds to it",
  "judge: a script that runs with every installation",
  "judge: a library of somebody else's in a known one's place",
  "judge: another registry of packages",
  "judge: another reading of the program",
  "judge: a module that is loaded before the program",
  "judge: an access test taken out",
  "judge: an access test that asks for less",
  "judge: a difference that drift is not to report",
];
