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

/** Hidden from the preview, these pass the comparison after the update, by row, with the reason. */
export const PASSES_UPDATE: Readonly<Record<string, string>> = {
  "config: the secrets at another site":
    "the program makes nothing of it: whoever sends secrets there reads the stack file",
  "config: the secrets in another Infisical project": "the same: the stack file says where they go",
  "config: the secrets in a folder that more read": "the same: the stack file says where they go",
  "code: a credential sent by the program itself":
    "a state tells resources, and not what else the program does",
  "hiding: a person more, from tomorrow on": "the update is of today, too, and grants nothing",
  "hiding: people who cannot be taken out any more":
    "ignoreChanges is an option of the program's, and stands in no state",
  "hiding: an application that stays when the stack lets go of it":
    "retainOnDelete decides nothing until the stack lets go, and is not compared",
};

/** These stop the deployment, and what stops it does not name them, by row, with the reason. */
export const UNNAMED_AT_UPDATE: Readonly<Record<string, string>> = {
  "transform: a policy of another stack":
    "the API refuses an id that it does not know, and nothing is granted",
  "transform: any login of the account": "the API refuses it beside the one login that applications lead to",
  "transform: a token without end": "a guardrail stops it, and says how long a token may count",
  "transform: a record past Cloudflare": "a guardrail stops it, and says what it wants instead",
  "transform: a connector that checks nothing": "a guardrail stops it, and says what it wants instead",
  "transform: pages of anybody's that may call":
    "a guardrail stops it, at the field beside it that nobody judged",
};
