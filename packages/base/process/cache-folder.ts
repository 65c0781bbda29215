import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Where what is fetched or built once is kept: `comfyui-access` in XDG_CACHE_HOME, or else in `~/.cache`. The script that
 * fetches Node.js, which runs without TypeScript, works it out alike: tools/node/fetch.cjs.
 */
export const cacheFolder = (env: NodeJS.ProcessEnv = process.env): string =>
  join(env["XDG_CACHE_HOME"] || join(env["HOME"] || homedir(), ".cache"), "comfyui-access");
