import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { isPackedChromiumUsable } from "./packed-chromium";

/** A browser that can be started here. */
export type FoundBrowser =
  /** The Chromium of the npm package @sparticuz/chromium; fetched when it is first started. */
  | { kind: "package"; name: "Chromium" }
  /** One that is installed on this machine. */
  | { kind: "installed"; name: string; executable: string };

/** Where to look; the machine's own by default. */
export interface BrowserSearch {
  /** Whether the package's Chromium may be used; default: where it runs. */
  usePackage?: boolean;
  platform?: NodeJS.Platform;
  env?: NodeJS.ProcessEnv;
  exists?: (path: string) => boolean;
}

/** Says which browser would be started, without starting it; undefined when there is none. */
export function findBrowser(search: BrowserSearch = {}): FoundBrowser | undefined {
  if (search.usePackage ?? isPackedChromiumUsable()) return { kind: "package", name: "Chromium" };
  const exists = search.exists ?? existsSync;
  for (const { name, executable } of candidates(
    search.platform ?? process.platform,
    search.env ?? process.env,
  )) {
    if (exists(executable)) return { kind: "installed", name, executable };
  }
  return undefined;
}

interface Candidate {
  name: string;
  executable: string;
}

function candidates(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): Candidate[] {
  if (platform === "darwin") return onMac(env);
  if (platform === "win32") return onWindows(env);
  return onPath(env);
}

function onMac(env: NodeJS.ProcessEnv): Candidate[] {
  const folders = ["/Applications", ...(env["HOME"] ? [join(env["HOME"], "Applications")] : [])];
  return ["Google Chrome", "Chromium", "Microsoft Edge"].flatMap((name) =>
    folders.map((folder) => ({ name, executable: join(folder, `${name}.app`, "Contents", "MacOS", name) })),
  );
}

function onWindows(env: NodeJS.ProcessEnv): Candidate[] {
  const folders = [env["PROGRAMFILES"], env["PROGRAMFILES(X86)"], env["LOCALAPPDATA"]];
  const programs = [
    { name: "Google Chrome", path: ["Google", "Chrome", "Application", "chrome.exe"] },
    { name: "Microsoft Edge", path: ["Microsoft", "Edge", "Application", "msedge.exe"] },
    { name: "Chromium", path: ["Chromium", "Application", "chrome.exe"] },
  ];
  return programs.flatMap(({ name, path }) =>
    folders.flatMap((folder) => (folder ? [{ name, executable: join(folder, ...path) }] : [])),
  );
}

function onPath(env: NodeJS.ProcessEnv): Candidate[] {
  const commands = [
    { name: "Google Chrome", command: "google-chrome" },
    { name: "Google Chrome", command: "google-chrome-stable" },
    { name: "Chromium", command: "chromium" },
    { name: "Chromium", command: "chromium-browser" },
    { name: "Microsoft Edge", command: "microsoft-edge" },
  ];
  const folders = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return commands.flatMap(({ name, command }) =>
    folders.map((folder) => ({ name, executable: join(folder, command) })),
  );
}
