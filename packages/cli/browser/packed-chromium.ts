import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { installPackages, kept, npmPins } from "../../base/process/kept";

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
const PINS = join(__dirname, "chromium");
const ADVICE = "Make room for 210 MB there, or set XDG_CACHE_HOME to a folder that can be written.";

/** Whether this machine can run the package's Chromium: it is built for Linux on x64 with glibc. */
export function isPackedChromiumUsable(): boolean {
  return process.platform === "linux" && process.arch === "x64" && existsSync(LOADER);
}

/**
 * Fetches and unpacks Chromium, 210 MB in a few seconds, unless that has been done before.
 * @param cache default: `~/.cache/comfyui-access`
 * @throws UserError when npm cannot fetch it, when there is no room, or no right to write
 */
export async function unpackChromium(cache?: string): Promise<PackedChromium> {
  const executable = await kept("chromium", npmPins(PINS), "chromium", unpack, ADVICE, cache);
  const folder = dirname(executable);
  return {
    executable,
    env: {
      FONTCONFIG_FILE: join(folder, "fonts.conf"),
      LD_LIBRARY_PATH: join(folder, "al2023", "lib"),
    },
  };
}

/** @param folder where it is going to be, as its fonts have to know */
async function unpack(into: string, folder: string): Promise<void> {
  const fetched = join(into, "package");
  await mkdir(fetched);
  await installPackages("Chromium", PINS, fetched);
  await unpackInto(into, join(fetched, "node_modules", "@sparticuz", "chromium"));
  await rm(fetched, { recursive: true });
  await writeFile(join(into, "fonts.conf"), fontsConf(folder));
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
