import { join } from "node:path";
import { ComfyUIError } from "./errors";

// Windows keeps these names for devices, whatever comes after a dot.
const device = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/**
 * Whether a name from the server is a plain one, which stands for a file of the folder that it is put in and for nothing
 * else, on every system: no path, no drive, no control character, nothing hidden.
 */
function isPlainName(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for.
  if (name === "" || /[/\\:\u0000-\u001f\u007f]/.test(name)) return false;
  return !name.startsWith(".") && !/[. ]$/.test(name) && !device.test(name) && !/\p{Surrogate}/u.test(name);
}

/** Where a file of the server's naming goes in the caller's folder; throws `unsafe_name` when it would go elsewhere. */
export function pathIn(folder: string, name: string): string {
  if (folder === "") throw new ComfyUIError("usage", "no_file", "no folder is given to write to");
  if (!isPlainName(name)) throw unsafe(name, "give download() a path of your own");
  return join(folder, name);
}

/**
 * Throws `unsafe_name` when the path may have been made of a name that is not plain: after joining, or resolving, nothing
 * tells `folder/../../x` from a path that the caller meant, but the last part is the server's.
 */
export function mustBeOwnPath(path: string, name: string): void {
  if (path === "") throw new ComfyUIError("usage", "no_file", "no path is given to write to");
  if (isPlainName(name)) return;
  for (const separator of separators) {
    const last = lastPart(name, separator);
    if (last !== undefined && last === lastPart(path, separator)) {
      throw unsafe(name, "use downloadTo(), or give a path whose last part is your own");
    }
  }
}

// What parts a path, by system. Each is tried alone: `x\..` is one part to some systems, and none at all to others.
const separators = [/\//, /[/\\]/, /[/\\:]/];

/** The part of a path that names the file, however the path is written; none where it names a folder. */
function lastPart(path: string, separator: RegExp): string | undefined {
  const parts: string[] = [];
  for (const part of path.split(separator)) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.at(-1);
}

function unsafe(name: string, remedy: string): ComfyUIError {
  const shown = JSON.stringify(name.slice(0, 200));
  const words = `the server names a file ${shown}, which is no plain file name, so nothing was written: ${remedy}`;
  return new ComfyUIError("protocol", "unsafe_name", words);
}
