/** What judges a change, by what it is called in a comment. */
const JUDGES = {
  workflows: "the workflows, which run the review",
  owners: "who has to approve (CODEOWNERS)",
  review: "the review and its comment",
  guardrails: "the guardrails",
  model: "the model of who gets in",
  tests: "how access tests are read and judged",
  loading: "what is installed, and how code is loaded",
} as const;
type Judge = keyof typeof JUDGES;

/** Where they stand, as beginnings of paths. The first that fits names a file. */
const PLACES: readonly (readonly [start: string, judge: Judge])[] = [
  ["CODEOWNERS", "owners"],
  ["docs/CODEOWNERS", "owners"],
  [".github/CODEOWNERS", "owners"],
  [".github/", "workflows"],
  [".ci/", "workflows"],
  ["packages/github/", "review"],
  ["packages/cli/access-diff/", "review"],
  ["packages/cli/browser/", "review"],
  ["packages/cli/commands/", "review"],
  ["packages/cli/demo/steps.ts", "review"],
  ["packages/cli/engine/", "review"],
  ["packages/cli/sandboxed/", "review"],
  ["packages/cli/secrets/", "review"],
  ["packages/cli/stack/", "review"],
  ["packages/cli/verify/", "review"],
  ["packages/cli/main.ts", "review"],
  ["packages/client/typescript/credential-form.ts", "review"],
  ["packages/client/typescript/network.ts", "review"],
  ["policies/", "guardrails"],
  ["packages/provider/host/", "guardrails"],
  ["packages/access/", "model"],
  ["packages/base/", "model"],
  ["packages/cloudflare/", "model"],
  ["config/", "tests"],
  ["components/access-tests.ts", "tests"],
  ["tools/", "loading"],
  ["package.json", "loading"],
  ["package-lock.json", "loading"],
  ["npm-shrinkwrap.json", "loading"],
  ["tsconfig.json", "loading"],
  [".npmrc", "loading"],
  ["Pulumi.yaml", "loading"],
  ["node_modules", "loading"],
];

/** One changed file, as GitHub lists them. */
export interface ChangedFile {
  filename: string;
  /** Its name before, where it was renamed. */
  previous_filename?: string;
}

/** What a pull request does to those that judge it. */
export interface JudgesTouched {
  /** What of them it changes, in words, each with the files. */
  touched: readonly { what: string; files: readonly string[] }[];
  /** Access tests that it takes away or changes, one line each. */
  lost: readonly string[];
  /** What could not be told, which counts as touched. */
  unknown: readonly string[];
  /** Whether the pull request carries the label that agrees to it. */
  agreed: boolean;
}

/** What somebody puts on a pull request to agree to what it does to its judges. */
export const JUDGES_LABEL = "judges-change";

/** Which judge a file belongs to; the file systems of some machines do not tell capitals. */
function judgeOf(file: string): Judge | undefined {
  const path = file.toLowerCase();
  return PLACES.find(([start]) => path.startsWith(start.toLowerCase()))?.[1];
}

/**
 * What a list of changed files touches. A renamed file counts under both of its names.
 * @param count how many files GitHub says were changed: it lists 3,000 at most, and what is not listed may be anything
 */
export function touchedJudges(
  changed: readonly ChangedFile[],
  count: number,
): Pick<JudgesTouched, "touched" | "unknown"> {
  const files = new Map<Judge, Set<string>>();
  for (const { filename, previous_filename } of changed) {
    for (const file of [filename, previous_filename ?? filename]) {
      const judge = judgeOf(file);
      if (judge !== undefined) files.set(judge, (files.get(judge) ?? new Set()).add(file));
    }
  }
  return {
    touched: [...files].map(([judge, named]) => ({ what: JUDGES[judge], files: [...named].sort() })),
    unknown:
      changed.length === count
        ? []
        : [`${count} files are changed, and GitHub lists ${changed.length} of them`],
  };
}

/** Whether anything has to be agreed to by the label. */
export const needsJudgesLabel = ({ touched, lost, unknown }: JudgesTouched): boolean =>
  touched.length > 0 || lost.length > 0 || unknown.length > 0;

/**
 * Reads what the job of the base branch's own code said of the access tests.
 * @returns undefined when it said nothing usable
 */
export function parseLost(text: string): string[] | undefined {
  try {
    const lost: unknown = JSON.parse(text);
    return Array.isArray(lost) && lost.every((line) => typeof line === "string") ? lost : undefined;
  } catch {
    return undefined;
  }
}
