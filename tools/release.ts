import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../packages/base/errors";

/**
 * The two steps that `npm version` leaves to a project. `preversion` refuses what cannot be released, before anything is
 * written; `version` moves the changelog's "Unreleased" under the new version, which the workspaces get too. npm itself refuses a changed work
 * tree, sets the version, commits and tags; with `sign-git-tag` in npm's config it signs the tag.
 */
const STEPS: Record<string, (release: Release) => void> = {
  preversion(release) {
    const branch = git("branch", "--show-current");
    if (branch !== "main") {
      throw new UserError(
        `this is ${branch || "no branch"}, and a release is made of main`,
        "git switch main",
      );
    }
    const tag = `v${release.version}`;
    if (git("tag", "--list", tag) !== "") {
      throw new UserError(`the tag ${tag} is there already`, "Give the next version.");
    }
    released(readFileSync(CHANGELOG, "utf8"), release);
  },
  version(release) {
    writeFileSync(CHANGELOG, released(readFileSync(CHANGELOG, "utf8"), release));
    git("add", CHANGELOG, ...versioned(release));
  },
};

interface Release {
  /** Without a `v` in front. */
  version: string;
  /** Its day in UTC, e.g. `2027-01-31`. */
  date: string;
}

const CHANGELOG = join(process.cwd(), "CHANGELOG.md");
const UNRELEASED = "## Unreleased\n";

/**
 * The changelog with what is unreleased under a version and a date, and a new, empty "Unreleased" above it.
 * @throws {UserError} when there is nothing to release.
 */
export function released(changelog: string, { version, date }: Release): string {
  const start = changelog.indexOf(UNRELEASED);
  const [changes = ""] = start < 0 ? [] : changelog.slice(start + UNRELEASED.length).split(/^## /m);
  if (changes.trim() === "") {
    throw new UserError("CHANGELOG.md has nothing under Unreleased", "Say there what users notice.");
  }
  return changelog.replace(UNRELEASED, `${UNRELEASED}\n## ${version} (${date})\n`);
}

/** Gives the workspaces the version, in their own files and in the lock file; npm does that for the root alone. */
function versioned({ version }: Release): string[] {
  const { workspaces = [] } = readJson("package.json") as { workspaces?: string[] };
  const lock = readJson("package-lock.json") as { packages: Record<string, { version?: string }> };
  const files = workspaces.map((folder) => {
    writeJson(`${folder}/package.json`, { ...readJson(`${folder}/package.json`), version });
    lock.packages[folder] = { ...lock.packages[folder], version };
    return `${folder}/package.json`;
  });
  writeJson("package-lock.json", lock);
  return [...files, "package-lock.json"];
}

const readJson = (file: string): object => JSON.parse(readFileSync(file, "utf8"));

const writeJson = (file: string, value: object): void =>
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);

function git(...args: string[]): string {
  return execFileSync("git", args, { encoding: "utf8" }).trim();
}

if (require.main === module) {
  try {
    const { npm_lifecycle_event: step = "", npm_new_version: version } = process.env;
    if (version === undefined) throw new UserError("this is a step of `npm version`", "npm version 1.2.3");
    STEPS[step]?.({ version, date: new Date().toISOString().slice(0, 10) });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(`\nerror: ${error.message}`);
    process.exitCode = 1;
  }
}
