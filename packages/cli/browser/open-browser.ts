import { createHash, X509Certificate } from "node:crypto";
import type { Browser, BrowserContext, BrowserContextOptions, LaunchOptions } from "playwright-core";
import { UserError } from "../../base/errors";
import type { Network } from "../../client/typescript/network";
import { type FoundBrowser, findBrowser } from "./find-browser";
import { unpackChromium } from "./packed-chromium";

export interface OpenBrowserOptions {
  /** Where hosts are served, and whom to trust besides the well-known authorities; default: as public DNS says. */
  network?: Network;
  /** Default: the one that `findBrowser` finds. */
  found?: FoundBrowser;
}

/** A headless browser that runs until it is closed, or until this process ends. */
export interface OpenBrowser {
  browser: Browser;
  /** Its name and version, e.g. `Chromium 153.0.7945.0`. */
  version: string;
  /** A profile of its own: no cookie of another context. */
  newContext(options?: BrowserContextOptions): Promise<BrowserContext>;
  close(): Promise<void>;
}

/**
 * Starts a browser in which the network's hosts have their real names and addresses.
 * @throws UserError when no browser can be had, or the one that was found does not start.
 */
export async function openBrowser(options: OpenBrowserOptions = {}): Promise<OpenBrowser> {
  const found = options.found ?? findBrowser();
  if (found === undefined) {
    throw new UserError(
      "no browser was found on this machine",
      "Install Google Chrome, Chromium or Microsoft Edge; on Linux x64 with glibc, a Chromium is fetched by itself.",
    );
  }
  // Loaded here, so that commands without a browser do not wait for it.
  const { chromium } = await import("playwright-core");
  const launch = await launchOptions(found, options.network ?? {});
  const browser = await chromium.launch(launch).catch((error: Error) => {
    throw new UserError(
      `${found.name} does not start: ${firstLine(error)}`,
      `Try to start ${launch.executablePath} by hand: it says what it misses.`,
    );
  });
  return {
    browser,
    version: `${found.name} ${browser.version()}`,
    newContext: (context) => browser.newContext(context),
    close: () => browser.close(),
  };
}

/** Chromium's switches that make it reach the network's hosts, and trust their certificates. */
function networkSwitches(network: Network): string[] {
  const rules = Object.entries(network.routes ?? {})
    // The first rule that matches holds, so the ones for every other hostname come last.
    .sort(([a], [b]) => Number(a.startsWith("*")) - Number(b.startsWith("*")))
    .map(([host, { host: address, port }]) => `MAP ${host} ${address}:${port}`);
  return [
    ...(rules.length === 0 ? [] : [`--host-resolver-rules=${rules.join(",")}`]),
    ...(network.ca === undefined ? [] : [`--ignore-certificate-errors-spki-list=${spkiSha256(network.ca)}`]),
  ];
}

async function launchOptions(found: FoundBrowser, network: Network): Promise<LaunchOptions> {
  const common: LaunchOptions = {
    headless: true,
    args: networkSwitches(network),
    // How this process answers a signal is its own affair; a browser without its parent ends by itself.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  };
  if (found.kind === "package") {
    const { executable, env } = await unpackChromium();
    return { ...common, executablePath: executable, env: { ...definedEnv(), ...env } };
  }
  // Chrome's own sandbox refuses to run as root.
  return { ...common, executablePath: found.executable, chromiumSandbox: process.getuid?.() !== 0 };
}

/** SHA-256 of the certificate's public key, base64: Chromium excuses the errors of chains that hold it, and no other. */
function spkiSha256(pem: string): string {
  const key = new X509Certificate(pem).publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(key).digest("base64");
}

function definedEnv(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function firstLine(error: Error): string {
  return error.message.split("\n", 1)[0] ?? "";
}
