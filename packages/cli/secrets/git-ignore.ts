import { execFile } from "node:child_process";
import { basename, dirname } from "node:path";

/**
 * Whether git would take the file into a commit: it lies in a work tree and is tracked, or not ignored.
 * Without git, or outside a work tree, the answer is no.
 * @param path absolute path; the file need not exist, its folder must.
 * @see https://git-scm.com/docs/git-check-ignore
 */
export function isOpenToGit(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const args = ["-C", dirname(path), "check-ignore", "--quiet", "--", basename(path)];
    // Inside a git hook, variables name another repository; here the file's place decides.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_")));
    // 0: ignored, and not tracked; 1: neither; anything else: no work tree, or no git.
    execFile("git", args, { env }, (error) => resolve(error?.code === 1));
  });
}
