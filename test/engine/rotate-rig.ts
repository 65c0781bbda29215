import { type ChildProcess, spawn } from "node:child_process";
import { createDecipheriv, pbkdf2Sync } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { announceSandbox, projectDir } from "../../src/sandboxed/workspace";
import { standInName } from "../../src/stand-in";
import { probeToken, type TokenCredentials } from "../../src/verify/probe-token";
import { EngineRig } from "./support";

export const URL_OF_APP = "https://comfyui.datacrew.space";
const TOKEN = "comfyui-api";

/** At which call of the API that the command makes it is cut off, from 1. */
export interface Cut {
  at: number;
  /**
   * - `committed`: the account has acted, and the command is killed without an answer;
   * - `answered`: the command is killed as soon as the answer is on its way;
   * - `lost`: the account has acted, and the connection closes; the command lives.
   */
  when: "committed" | "answered" | "lost";
}

/** How a command ended. */
export interface Ended {
  /** Undefined when it was killed. */
  code: number | null;
  output: string;
  /** The calls that it made, `METHOD path`. */
  calls: string[];
}

/** A stack in a sandbox, and the real command beside it in processes of its own. */
export class RotateRig {
  private calls: string[] = [];
  private cut: Cut | undefined;
  private child: ChildProcess | undefined;
  private keys = new Map<string, Buffer>();
  private lastKnown: TokenCredentials[] = [];

  private constructor(
    readonly rig: EngineRig,
    private readonly proxy: Server,
  ) {}

  /** Brings the stack `dev` up with protected tokens, and lets the command join the sandbox. */
  static async open(): Promise<RotateRig> {
    const rig = await EngineRig.open({ access: true, rateLimit: false });
    rig.session.access?.connectAll();
    const proxy = createServer();
    const self = new RotateRig(rig, proxy);
    proxy.on("request", (req, res) => {
      const parts: Buffer[] = [];
      req.on("data", (part: Buffer) => parts.push(part));
      req.on("end", () =>
        self.forward(req.method ?? "GET", req.url ?? "/", req.headers, Buffer.concat(parts), res),
      );
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    await rig.config((settings) => {
      settings.protectTokens = "true";
    });
    const made = await rig.up();
    if (made.code !== 0) throw new Error(made.stdout + made.stderr);
    await announceSandbox(rig.session.workspace, {
      pid: process.pid,
      url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      tokens: rig.session.tokens,
      network: rig.session.access?.network ?? {},
    });
    return self;
  }

  async close(): Promise<void> {
    this.proxy.closeAllConnections();
    this.proxy.close();
    await this.rig.close();
  }

  get envFile(): string {
    return join(this.rig.dir, ".env");
  }

  /** Runs `rotate`; to kill it means its whole process group, the engine too. */
  rotate(args: string[], { cut }: { cut?: Cut } = {}): Promise<Ended> {
    this.calls = [];
    this.cut = cut;
    const own = ["rotate", "--config-file", join(this.rig.dir, "Pulumi.dev.yaml"), "--file", this.envFile];
    const bin = join(projectDir, "node_modules", ".bin");
    const child = spawn(join(bin, "tsx"), [join(projectDir, "src/cli/main.ts"), ...own, ...args], {
      cwd: projectDir,
      env: {
        ...process.env,
        PATH: `${bin}:${process.env["PATH"]}`,
        COMFYUI_ACCESS_WORKSPACE: this.rig.dir,
      },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.child = child;
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        output += chunk;
      });
    }
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve({ code, output, calls: this.calls }));
    });
  }

  /** The credentials that the state and the sink hold now. */
  known(): TokenCredentials[] {
    try {
      this.lastKnown = [...this.inState(), ...this.inSink()];
    } catch {
      // A file that is just being replaced: what was known a moment ago still is.
    }
    return this.lastKnown;
  }

  inSink(): TokenCredentials[] {
    let text: string;
    try {
      text = readFileSync(this.envFile, "utf8");
    } catch {
      return [];
    }
    const { CF_ACCESS_CLIENT_ID: clientId, CF_ACCESS_CLIENT_SECRET: clientSecret } = parseEnv(text);
    return clientId && clientSecret ? [{ clientId, clientSecret }] : [];
  }

  /** Those of the token and of its stand-in, out of the backend's file. */
  inState(): TokenCredentials[] {
    const file = join(this.rig.dir, "state/.pulumi/stacks/comfyui-access/dev.json");
    const { checkpoint } = JSON.parse(readFileSync(file, "utf8")) as { checkpoint: { latest: Checkpoint } };
    const { resources, secrets_providers } = checkpoint.latest;
    const key = this.keyOf(secrets_providers.state.salt);
    return resources.flatMap(({ urn, outputs }) => {
      const name = urn.split("::").at(-1) ?? "";
      const { clientId, clientSecret } = (outputs ?? {}) as Record<string, unknown>;
      if (![TOKEN, standInName(TOKEN)].includes(name) || typeof clientId !== "string") return [];
      const { ciphertext } = clientSecret as { ciphertext: string };
      return [{ clientId, clientSecret: JSON.parse(decrypt(ciphertext, key)) as string }];
    });
  }

  /** Whether one of them passes Access now. */
  async onePasses(known: readonly TokenCredentials[]): Promise<boolean> {
    const network = this.rig.session.access?.network ?? {};
    for (const credentials of known) {
      if ((await probeToken(URL_OF_APP, credentials, network)).verdict === "passes") return true;
    }
    return false;
  }

  /** Asks ten times a second whether a known secret passes, until it is stopped. */
  watch(): { stop(): Promise<{ looks: number; gaps: string[] }> } {
    const gaps: string[] = [];
    let looks = 0;
    let stopped = false;
    const watching = (async () => {
      while (!stopped) {
        const next = new Promise((resolve) => setTimeout(resolve, 100));
        // A secret that comes into a sink while the others are asked counts as well.
        if (!(await this.onePasses(this.known())) && !(await this.onePasses(this.known()))) {
          gaps.push(`after call ${this.calls.length}: ${this.calls.at(-1)}`);
        }
        looks++;
        await next;
      }
    })();
    return {
      stop: async () => {
        stopped = true;
        await watching;
        return { looks, gaps };
      },
    };
  }

  private keyOf(salt: string): Buffer {
    const known = this.keys.get(salt);
    if (known !== undefined) return known;
    const [, bytes = ""] = salt.split(":");
    // As the engine derives it (pulumi/pulumi sdk/go/common/resource/config/crypt.go).
    const key = pbkdf2Sync("sandbox", Buffer.from(bytes, "base64"), 1_000_000, 32, "sha256");
    this.keys.set(salt, key);
    return key;
  }

  private forward(
    method: string,
    path: string,
    headers: NodeJS.Dict<string | string[]>,
    body: Buffer,
    res: import("node:http").ServerResponse,
  ): void {
    const at = new URL(this.rig.session.url);
    const isCall = /^\/(client\/v4|gcp)\//.test(path);
    const number = isCall ? this.calls.push(`${method} ${path.replace(/\?.*/, "")}`) : 0;
    const cut = this.cut?.at === number ? this.cut.when : undefined;
    const upstream = request(
      { host: at.hostname, port: at.port, method, path, headers: { ...headers, host: at.host } },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on("data", (part: Buffer) => parts.push(part));
        answer.on("end", () => {
          if (cut === "committed") return this.killGroup();
          if (cut === "lost") return void res.destroy();
          res.writeHead(answer.statusCode ?? 502, answer.headers);
          res.end(Buffer.concat(parts), () => {
            if (cut === "answered") this.killGroup();
          });
        });
      },
    );
    upstream.once("error", () => res.destroy());
    upstream.end(body);
  }

  private killGroup(): void {
    if (this.child?.pid !== undefined) process.kill(-this.child.pid, "SIGKILL");
  }
}

interface Checkpoint {
  resources: { urn: string; outputs?: unknown }[];
  secrets_providers: { state: { salt: string } };
}

function decrypt(ciphertext: string, key: Buffer): string {
  const [, nonce = "", sealed = ""] = ciphertext.split(":");
  const bytes = Buffer.from(sealed, "base64");
  const cipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"));
  cipher.setAuthTag(bytes.subarray(-16));
  return Buffer.concat([cipher.update(bytes.subarray(0, -16)), cipher.final()]).toString("utf8");
}
