import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { defineCommand } from "citty";
import { UserError } from "../../base/errors";
import { onInterruption } from "../../base/process/signals";
import { LIVED_IN_SEED } from "../../sandbox/account/lived-in";
import { DEFAULT_SEED } from "../../sandbox/account/seed";
import { refuseUsedPort, startSandbox } from "../../sandbox/server/server";
import { ensureEngine } from "../engine/engine";
import { edgeSettings, openAccess } from "../sandboxed/access";
import { joinOrHold } from "../sandboxed/join-or-hold";
import { missingPlugin } from "../sandboxed/provider-choice";
import { stacksUp } from "../sandboxed/stacks-up";
import { announceSandbox, forgetStacks, openWorkspace } from "../sandboxed/workspace";
import { providerArg, UsageError } from "./args";

const SEEDS = { empty: DEFAULT_SEED, "lived-in": LIVED_IN_SEED };

export const sandbox = defineCommand({
  meta: {
    name: "sandbox",
    description: "Keep the sandbox of Cloudflare running for play, with one line per request.",
  },
  args: {
    port: {
      type: "string",
      valueHint: "0-65535",
      default: "8787",
      description: "Port on 127.0.0.1; 0 takes a free one.",
    },
    reset: {
      type: "boolean",
      default: false,
      description: "Start from the seed: forget all objects, and what the stacks know of them.",
    },
    seed: {
      type: "enum",
      options: Object.keys(SEEDS) as (keyof typeof SEEDS)[],
      default: "empty",
      description:
        "What an untouched account holds: nothing, or what people clicked together over years. A sandbox " +
        "that was used before needs --reset with it.",
    },
    provider: providerArg,
    cloudflared: {
      type: "enum",
      options: ["stacks", "all", "none"],
      default: "stacks",
      description:
        "For which tunnels a cloudflared runs: those of stacks that are up, all, or none. A tunnel that has one " +
        "cannot be removed.",
    },
  },
  async run({ args }) {
    const port = /^\d{1,5}$/.test(args.port) ? Number(args.port) : Number.NaN;
    if (!(port <= 65535)) {
      throw new UsageError(`--port is "${args.port}"`, "use a number from 1 to 65535, or 0 for a free one");
    }
    const seed = SEEDS[args.seed];
    const engine = await ensureEngine({ log: (line) => process.stderr.write(`${line}\n`) });
    const workspace = await openWorkspace({ engine, provider: args.provider });
    const missing = args.provider === undefined ? undefined : missingPlugin(workspace);
    if (missing !== undefined) throw new UserError(missing.problem, missing.remedy);
    const found = await joinOrHold(workspace, (line) => process.stderr.write(`${line}\n`));
    if ("running" in found) {
      throw new UserError(
        `a sandbox already runs at ${found.running.url} (process ${found.running.pid}) on the same state`,
        "use that one, or stop it first",
      );
    }
    if (args.reset) {
      // Nothing is forgotten by a command that cannot go on.
      await refuseUsedPort(port);
      await rm(workspace.stateFile, { force: true });
      const stacks = await forgetStacks(workspace);
      const states = stacks.length === 0 ? "" : `, and the state of ${stacks.join(", ")}`;
      process.stdout.write(`Forgotten: all objects${states}\n`);
    }
    if (seed !== DEFAULT_SEED && existsSync(workspace.stateFile)) {
      throw new UserError(
        `the sandbox holds objects already (${workspace.stateFile}), so no seed would be used`,
        "add --reset to forget them",
      );
    }
    const sandbox = await startSandbox({
      port,
      seed,
      stateFile: workspace.stateFile,
      onRequest: ({ method, path, status, ms, token }) => {
        logLine(status, method, path, token ?? "-", ms);
      },
      edge: {
        settings: edgeSettings,
        onRequest: ({ status, method, hostname, path, who, ms }) => {
          logLine(status, method, `https://${hostname}${path}`, who, ms);
        },
      },
    });
    const access = await openAccess(sandbox, stacksUp(workspace.env["PULUMI_BACKEND_URL"]));
    if (args.cloudflared === "all") access.connectAll();
    if (args.cloudflared === "stacks") access.connectStacks();
    const { pid } = process;
    const { url, tokens } = sandbox;
    await announceSandbox(workspace, { pid, url, tokens, network: access.network });
    const caFile = join(workspace.dir, "edge-ca.pem");
    await writeFile(caFile, access.network.ca ?? "");
    process.stdout.write(
      [
        `See it in a browser:         ${url}`,
        `Cloudflare's API, emulated:  ${sandbox.apiUrl}`,
        `Its state:                   ${workspace.stateFile}`,
        `API tokens (made up):        in ${workspace.runningFile}`,
        `Cloudflare provider:         ${workspace.provider === "real" ? "the installed plugin" : "the sandbox's own"}`,
        "",
        "In another terminal:  npm run sandbox:up | sandbox:preview | sandbox:destroy",
        "The hostname itself:  npm run cli -- verify, or any tool that takes these:",
        `  export HTTPS_PROXY=${access.proxyUrl} SSL_CERT_FILE=${relative(process.cwd(), caFile)}`,
        "  export CURL_CA_BUNDLE=$SSL_CERT_FILE",
        "Stop with Ctrl-C.",
        "",
        "",
      ].join("\n"),
    );
    await new Promise<void>((resolve) => void onInterruption(resolve));
    await rm(workspace.runningFile, { force: true });
    await access.close();
    await sandbox.close();
    found.lock.release();
    return 0;
  },
});

function logLine(status: number, method: string, what: string, who: string, ms: number): void {
  const time = new Date().toISOString().slice(11, 19);
  process.stdout.write(`${time} ${status} ${method.padEnd(6)} ${what}  ${who}  ${Math.round(ms)} ms\n`);
}
