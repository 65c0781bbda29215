/** What judges a change, by what it is called in a comment. */
const JUDGES = {
  workflows: "the workflows, which run the review",
  owners: "who has to approve (CODEOWNERS)",
  review: "the review and its comment",
  guardrails: "the guardrails",
  model: "the model of who gets in",
  tests: "how access tests are read and judged",
  proofs: "tests of this project that are taken out",
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

/** Those of them that say which packages the rest runs with. */
const PACKAGE_FILES = ["package.json", "package-lock.json"];

/** A test of this project's. */
const TEST = /^test\/.*\.test\.ts$/;

/** One changed file, as GitHub lists them. */
export interface ChangedFile {
  filename: string;
  /** What became of it, e.g. `modified` or `removed`. */
  status: string;
  /** Its name before, where it was renamed. */
  previous_filename?: string;
}

/** What the job of the base branch's own code finds in the files of both sides, by what it is called in a comment. */
export const FOUND = {
  "access-test": "access test removed or changed",
  accepted: "difference that `drift` is no longer to report",
  guardrail: "exception or limit of a guardrail added or changed",
  packages: "packages",
} as const;

/** One thing that it found. */
export interface Found {
  kind: keyof typeof FOUND;
  line: string;
}

/** More than this does not fit into a comment, and a step's output has to end somewhere. */
export const MOST_FOUND = 200;

/** What a pull request does to those that judge it. */
export interface JudgesTouched {
  /** What of them it changes, in words, each with the files. */
  touched: readonly { what: string; files: readonly string[] }[];
  /** What it takes away or loosens in files that say how it is judged. */
  found: readonly Found[];
  /** Files by which it changes the packages that the review runs with, and nothing but their versions. */
  versions: readonly string[];
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
 * @param found what was found in the files of both sides; undefined when nobody looked: packages then count as touched
 */
export function touchedJudges(
  changed: readonly ChangedFile[],
  count: number,
  found?: readonly Found[],
): Pick<JudgesTouched, "touched" | "versions" | "unknown"> {
  const onlyVersions = found?.every(({ kind }) => kind !== "packages") ?? false;
  const files = new Map<Judge, Set<string>>();
  const versions = new Set<string>();
  const add = (judge: Judge | undefined, file: string) => {
    if (judge !== undefined) files.set(judge, (files.get(judge) ?? new Set()).add(file));
  };
  for (const each of changed) {
    for (const file of [each.filename, each.previous_filename ?? each.filename]) {
      if (onlyVersions && PACKAGE_FILES.includes(file)) versions.add(file);
      else add(judgeOf(file), file);
    }
    const gone = removedTest(each);
    if (gone !== undefined) add("proofs", gone);
  }
  return {
    touched: [...files].map(([judge, named]) => ({ what: JUDGES[judge], files: [...named].sort() })),
    versions: [...versions].sort(),
    unknown:
      changed.length === count
        ? []
        : [`${count} files are changed, and GitHub lists ${changed.length} of them`],
  };
}

/** The test that is none any more; one under another name still is. */
function removedTest({ filename, previous_filename, status }: ChangedFile): string | undefined {
  const isGone = status === "removed" || (previous_filename !== undefined && !TEST.test(filename));
  const before = previous_filename ?? filename;
  return isGone && TEST.test(before) ? before : undefined;
}

/** Whether anything has to be agreed to by the label. */
export const needsJudgesLabel = ({ touched, found, unknown }: JudgesTouched): boolean =>
  touched.length > 0 || found.length > 0 || unknown.length > 0;

/**
 * Reads what the job of the base branch's own code found.
 * @returns undefined when it said nothing usable
 */
export function parseFound(text: string): Found[] | undefined {
  try {
    const found: unknown = JSON.parse(text);
    return Array.isArray(found) && found.every(isFound) ? found : undefined;
  } catch {
    return undefined;
  }
}

function isFound(value: unknown): value is Found {
  const { kind, line } = (value ?? {}) as Partial<Record<keyof Found, unknown>>;
  return typeof kind === "string" && Object.hasOwn(FOUND, kind) && typeof line === "string";
}
