import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { UserError } from "../../base/errors";
import { cacheFolder } from "../../base/process/cache-folder";
import { installPackages } from "../../base/process/kept";
import { dependencies } from "./chromium/package.json";

const run = promisify(execFile);

/**
 * Chromium as the npm package @sparticuz/chromium brings it, unpacked. Nothing but a browser needs its 67 MB, so it is no
 * dependency: npm fetches it, by the lock file in `chromium/`, when one is first started.
 */
export interface PackedChromium {
  executable: string;
  /** What its process needs besides the caller's environment: its libraries and a font. */
  env: Record<string, string>;
}

/** The loader that the program names: Alpine's musl, for one, has another. */
const LOADER = "/lib64/ld-linux-x86-64.so.2";
const STAGING_PREFIX = ".unpacking-";
const ABANDONED_AFTER_MS = 3_600_000;

/** Whether this machine can run the package's Chromium: it is built for Linux on x64 with glibc. */
export function isPackedChromiumUsable(): boolean {
  return process.platform === "linux" && process.arch === "x64" && existsSync(LOADER);
}

/**
 * Fetches and unpacks Chromium, 210 MB in a few seconds, unless that has been done before.
 * @param cacheDir default: `~/.cache/comfyui-access/chromium`
 * @throws UserError when npm cannot fetch it, when there is no room, or no right to write
 */
export async function unpackChromium(cacheDir = join(cacheFolder(), "chromium")): Promise<PackedChromium> {
  const folder = join(cacheDir, dependencies["@sparticuz/chromium"]);
  if (!existsSync(folder)) {
    await unpack(cacheDir, folder).catch((error: Error) => {
      if (error instanceof UserError) throw error;
      throw new UserError(
        `Chromium cannot be unpacked to ${folder}: ${error.message}`,
        "Make room for 210 MB there, or set XDG_CACHE_HOME to a folder that can be written.",
      );
    });
  }
  return {
    executable: join(folder, "chromium"),
    env: {
      FONTCONFIG_FILE: join(folder, "fonts.conf"),
      LD_LIBRARY_PATH: join(folder, "al2023", "lib"),
    },
  };
}

/** Unpacks beside the folder and moves it into place whole, so that processes may do it at the same time. */
async function unpack(cacheDir: string, folder: string): Promise<void> {
  await mkdir(cacheDir, { recursive: true });
  await removeAbandoned(cacheDir);
  const staging = await mkdtemp(join(cacheDir, STAGING_PREFIX));
  try {
    const fetched = join(staging, "package");
    await mkdir(fetched);
    await installPackages("Chromium", join(__dirname, "chromium"), fetched);
    await unpackInto(staging, join(fetched, "node_modules", "@sparticuz", "chromium"));
    await rm(fetched, { recursive: true });
    await writeFile(join(staging, "fonts.conf"), fontsConf(folder));
    await rename(staging, folder);
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    // Another process was faster: what it has put there is as good.
    if (!existsSync(folder)) throw error;
  }
}

// The package unpacks to the temporary folder, wherever that is, and its libraries only where it finds itself in
// AWS Lambda. In a process of its own neither touches this one.
async function unpackInto(staging: string, packed: string): Promise<void> {
  const entry = pathToFileURL(join(packed, "build", "index.js")).href;
  const program = `const { default: chromium } = await import(${JSON.stringify(entry)}); await chromium.executablePath();`;
  await run(process.execPath, ["--input-type=module", "--eval", program], {
    env: { ...process.env, NODE_OPTIONS: "", TMPDIR: staging, AWS_LAMBDA_JS_RUNTIME: "nodejs24.x" },
  });
}

/** The system's fonts where there are some, and the package's, so that no text is invisible. */
function fontsConf(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>${join(folder, "fonts")}</dir>
  <cachedir>${join(folder, "fonts-cache")}</cachedir>
</fontconfig>
`;
}

async function removeAbandoned(cacheDir: string): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    if (!name.startsWith(STAGING_PREFIX)) continue;
    const path = join(cacheDir, name);
    const age = Date.now() - (await stat(path).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs;
    if (age > ABANDONED_AFTER_MS) await rm(path, { recursive: true, force: true });
  }
}
