import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/**
 * The folder in which a file backend keeps its states; undefined for another backend.
 * @param url as `pulumi login` takes it: with `~`, relative, or with settings behind a question mark.
 * @param cwd what a relative one is relative to.
 */
export function fileBackendFolder(url: string | undefined, cwd: string): string | undefined {
  if (!url?.startsWith("file://")) return undefined;
  const path = url
    .slice("file://".length)
    .replace(/\?.*$/, "")
    .replace(/^~(?=$|\/)/, homedir());
  return join(isAbsolute(path) ? path : join(cwd, path), ".pulumi");
}
