import { type ChildProcess, execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseEnv } from "node:util";
import { parse, stringify } from "yaml";
import { type Engine, ensureEngine } from "../../packages/cli/engine/engine";
import { edgeSettings, openAccess } from "../../packages/cli/sandboxed/access";
import { projectDir, withTypeScript } from "../../packages/cli/sandboxed/workspace";
import { sha256 } from "../../packages/sandbox/account/ids";
import { DEFAULT_SEED, DEV_INFISICAL_IDENTITY, DEV_TOKENS } from "../../packages/sandbox/account/seed";
import { startSandboxProvider } from "../../packages/sandbox/provider";
import { type Sandbox, startSandbox } from "../../packages/sandbox/server/server";
import { tapEdge } from "../leaks/edge-taps";
import { KnownValues } from "../leaks/known-values";
import { type Ended, type RunOptions, SearchedRun } from "../leaks/run";
import { type Call, Wire } from "../leaks/wire";

const TEAM_CALLBACK = "https://datacrew.cloudflareaccess.com/cdn-cgi/access/callback";
const CLIENT_ID = "sandbox.apps.googleusercontent.com";

const newSecret = (bytes = 24) => randomBytes(bytes).toString("base64url");

/** An account with secrets of its own, and the way to it on which they are noted. */
interface Account {
  sandbox: Sandbox;
  wire: Wire;
  tokens: { admin: string; up: string; preview: string };
  googleSecret: string;
}

/** A searched run of the real commands and the real engine, against accounts in this process. */
export class LeaksRig {
  readonly values = new KnownValues();
  private readonly closers: (() => unknown)[] = [];
  private engine!: Engine;
  run!: SearchedRun;
  /** Of the stack `dev`: in the sandbox, with an edge. */
  played!: Account;
  /** Of the stack `prod`: as a real account is used, with the user's own token and passphrase. */
  real!: Account;
  private realEnv: NodeJS.ProcessEnv = {};

  static async open(): Promise<LeaksRig> {
    const rig = new LeaksRig();
    try {
      await rig.start();
      return rig;
    } catch (error) {
      await rig.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    for (const close of this.closers.reverse()) await close();
  }

  private async start(): Promise<void> {
    this.engine = await ensureEngine();
    this.closers.push(tapEdge(this.values));
    this.run = await SearchedRun.open();
    this.closers.push(() => this.run.close());
    copyProject(this.run.project);
    linkCache(join(this.run.root, "home"));
    await this.run.begin();
    this.played = await this.openAccount({ edge: true });
    this.real = await this.openAccount({ edge: false });
    await this.announce();
    await this.openRealAccess();
    await this.writeStacks();
  }

  private async openAccount({ edge }: { edge: boolean }): Promise<Account> {
    const tokens = { admin: newSecret(), up: newSecret(), preview: newSecret(), accountOwned: newSecret() };
    for (const token of Object.values(tokens)) this.values.add("API token", token);
    const googleSecret = `GOCSPX-${newSecret()}`;
    this.values.add("Google client secret", googleSecret);
    const named: Record<string, string> = { ...tokens, "account-owned": tokens.accountOwned };
    const seed = {
      ...DEFAULT_SEED,
      tokens: DEFAULT_SEED.tokens.map((token) => ({ ...token, value: named[token.name] ?? token.value })),
    };
    const clients = [{ clientId: CLIENT_ID, clientSecret: googleSecret, redirectUris: [TEAM_CALLBACK] }];
    const sandbox = await startSandbox({
      seed,
      rateLimit: false,
      edge: edge && { settings: edgeSettings, google: { clients, accounts: this.people() } },
    });
    this.closers.push(() => sandbox.close());
    const wire = await Wire.open(sandbox.url, this.values);
    this.closers.push(() => wire.close());
    return { sandbox, wire, tokens, googleSecret };
  }

  private readonly passwords = { allowed: newSecret(), other: newSecret() };

  private people() {
    this.values.add("password", this.passwords.allowed);
    this.values.add("password", this.passwords.other);
    return [
      { email: "artist@datacrew.space", name: "Ada Artist", password: this.passwords.allowed },
      { email: "stranger@example.org", name: "Sam Stranger", password: this.passwords.other },
    ];
  }

  /** Lets the commands join the account that is played, as they join the command `sandbox`. */
  private async announce(): Promise<void> {
    const access = await openAccess(this.played.sandbox);
    this.closers.push(() => access.close());
    access.connectAll();
    const { tokens, wire } = this.played;
    const workspace = join(this.run.project, ".sandbox");
    mkdirSync(workspace, { recursive: true, mode: 0o700 });
    const running = { pid: process.pid, url: wire.url, tokens, network: access.network };
    writeFileSync(join(workspace, "running.json"), JSON.stringify(running), { mode: 0o600 });
    const [artist, stranger] = this.people();
    const people = JSON.stringify({ allowed: artist, other: stranger });
    writeFileSync(this.peopleFile, people, { mode: 0o600 });
  }

  /** Test accounts for `verify --people`. */
  get peopleFile(): string {
    return join(this.run.root, "people.json");
  }

  private async openRealAccess(): Promise<void> {
    const { wire, tokens } = this.real;
    const apiUrl = `${wire.url}/client/v4`;
    const gcpUrl = `${wire.url}/gcp`;
    const provider = await startSandboxProvider({ apiUrl, apiToken: tokens.up, gcpUrl });
    this.closers.push(() => provider.close());
    const passphrase = newSecret();
    const infisicalSecret = newSecret();
    this.values.add("passphrase", passphrase);
    this.values.add("Infisical client secret", infisicalSecret);
    // The one of the stack in the sandbox stands in the source.
    this.values.add("constant", DEV_INFISICAL_IDENTITY.clientSecret, { constant: true });
    const backend = join(this.run.root, "backend");
    mkdirSync(backend);
    this.realEnv = {
      PULUMI_BACKEND_URL: `file://${backend}`,
      PULUMI_CONFIG_PASSPHRASE: passphrase,
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      PULUMI_DEBUG_PROVIDERS: provider.debugProviders,
      NODE_COMPILE_CACHE: join(this.run.root, "tmp", "compile-cache"),
      CLOUDFLARE_BASE_URL: apiUrl,
      CLOUDFLARE_API_TOKEN: tokens.up,
      SANDBOX_GCP_URL: gcpUrl,
      SANDBOX_INFISICAL_URL: `${wire.url}/infisical`,
      INFISICAL_CLIENT_ID: DEV_INFISICAL_IDENTITY.clientId,
      INFISICAL_CLIENT_SECRET: infisicalSecret,
    };
    this.trustInfisical();
  }

  /** Both stack files, each with its Google client's secret, encrypted; nothing of that is searched. */
  private async writeStacks(): Promise<void> {
    const dev = parse(readFileSync(join(projectDir, "Pulumi.dev.yaml"), "utf8")) as {
      encryptionsalt?: string;
      config: Record<string, unknown>;
    };
    const google = { clientId: CLIENT_ID };
    const { encryptionsalt: _, config } = dev;
    const prod = {
      config: { ...config, "comfyui-access:google": google, "comfyui-access:protectTokens": "true" },
    };
    writeFileSync(join(this.run.project, "Pulumi.prod.yaml"), stringify(prod));
    const sandboxed = join(this.run.project, ".sandbox");
    mkdirSync(join(sandboxed, "state"), { recursive: true });
    const devEnv = {
      PULUMI_HOME: join(sandboxed, "pulumi-home"),
      PULUMI_BACKEND_URL: `file://${join(sandboxed, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "sandbox",
      PULUMI_SKIP_UPDATE_CHECK: "true",
    };
    const secretOf = { dev: this.played.googleSecret, prod: this.real.googleSecret };
    await Promise.all(
      (["dev", "prod"] as const).map(async (stack) => {
        const env = stack === "dev" ? devEnv : this.realEnv;
        await this.must("make the stack", this.pulumi(["stack", "init", stack], { env }));
        const set = ["config", "set", "--secret", "--path", "google.clientSecret", "--stack", stack];
        await this.must("set the secret", this.pulumi(set, { env, input: secretOf[stack] }));
      }),
    );
  }

  private async must(what: string, ending: Promise<Ended>): Promise<void> {
    const { code, stdout, stderr } = await ending;
    if (code !== 0) throw new Error(`could not ${what}: ${stdout}${stderr}`);
  }

  private get path(): string {
    return [this.engine.binDir, this.run.env["PATH"]].filter((entry) => entry !== undefined).join(delimiter);
  }

  /** The engine itself, in the real account unless the environment says otherwise. */
  pulumi(args: readonly string[], options: RunOptions & { name?: string } = {}): Promise<Ended> {
    const env = { ...(options.env ?? this.realEnv), PATH: this.path };
    const own = args.includes("--stack") || args.includes("init") ? [] : ["--stack", "prod"];
    return this.run.run(
      options.name ?? `pulumi ${args.slice(0, 2).join(" ")}`,
      this.engine.command,
      [...args, ...own, "--non-interactive"],
      { ...options, env },
    );
  }

  /** One of the project's scripts, on the stack `dev` in the sandbox. */
  npm(args: readonly string[], options: RunOptions & { name?: string } = {}): Promise<Ended> {
    const [script = "", ...rest] = args;
    const name = options.name ?? `npm run ${args.slice(0, 3).join(" ")}`;
    return this.run.run(name, "npm", ["run", script, "--", ...rest], options);
  }

  /** The same on the stack `prod`, with the user's own environment. */
  npmReal(args: readonly string[], options: RunOptions & { name?: string } = {}): Promise<Ended> {
    const name = options.name ?? `npm run ${args.slice(0, 3).join(" ")} (prod)`;
    const env = { ...this.realEnv, ...options.env };
    return this.npm([...args, "--stack", "prod"], { ...options, name, env });
  }

  /** The environment of the stack `prod`, and more. */
  realWith(more: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    return { ...this.realEnv, ...more };
  }

  /** The account knows the identity for Infisical by its usual secret, until this gives it one of its own. */
  trustInfisical(): void {
    const { infisicalIdentities } = this.real.sandbox.store;
    const clientSecretHash = sha256(this.realEnv["INFISICAL_CLIENT_SECRET"] ?? "");
    for (const identity of infisicalIdentities.all())
      infisicalIdentities.put({ ...identity, clientSecretHash });
  }

  /** Runs a command and kills it, with all that it started, at the first call that is meant. */
  async kill(
    wire: Wire,
    meant: (call: Call) => boolean,
    command: (started: (child: ChildProcess) => void) => Promise<Ended>,
  ): Promise<void> {
    let pid: number | undefined;
    wire.onCall = (call) => {
      if (pid === undefined || call.method === "GET" || !meant(call)) return undefined;
      process.kill(-pid, "SIGKILL");
      return "lost";
    };
    const { code, stdout, stderr } = await command((child) => {
      pid = child.pid;
    });
    wire.onCall = undefined;
    if (code !== null) throw new Error(`it was not killed, but ended with ${code}:\n${stdout}${stderr}`);
  }

  /** Runs a command and kills it, with its process group, as soon as something is so. */
  async killWhen(
    isSo: () => boolean,
    command: (started: (child: ChildProcess) => void) => Promise<Ended>,
  ): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const { code, stdout, stderr } = await command(({ pid }) => {
      timer = setInterval(() => {
        if (pid === undefined || !isSo()) return;
        clearInterval(timer);
        process.kill(-pid, "SIGKILL");
      }, 50);
    });
    clearInterval(timer);
    if (code !== null) throw new Error(`it was not killed, but ended with ${code}:\n${stdout}${stderr}`);
  }

  /**
   * Keeps the command `sandbox` running for a while, in a workspace of its own, and notes the secrets that it keeps.
   * @param use gets what the commands need in their environment to join it.
   */
  async besideSandbox(dir: string, use: (env: NodeJS.ProcessEnv) => Promise<void>): Promise<void> {
    for (const token of Object.values(DEV_TOKENS)) this.values.add("constant", token, { constant: true });
    mkdirSync(dir, { mode: 0o700 });
    const env = { COMFYUI_ACCESS_WORKSPACE: dir };
    let pid: number | undefined;
    const running = this.npm(["sandbox", "--port", String(await freePort())], {
      env,
      started: (child) => {
        pid = child.pid;
      },
    });
    try {
      for (let tries = 0; !existsSync(join(dir, "running.json")); tries++) {
        if (tries > 600) throw new Error("the command sandbox does not start");
        await sleep(100);
      }
      await use(env);
      const state = JSON.parse(readFileSync(join(dir, "cloudflare.json"), "utf8")) as Kept;
      this.values.addFields(state);
      for (const { secret } of state.tunnels) this.values.addTunnelSecret(secret);
    } finally {
      if (pid !== undefined) process.kill(-pid, "SIGINT");
      await running;
    }
  }

  /** Has a command write Node's diagnostic reports, as on a crash; how many there are then. */
  async report(): Promise<number> {
    const { wire } = this.real;
    const dir = join(this.run.root, "tmp");
    const reports = ["--report-on-signal", "--report-uncaught-exception", "--report-directory", dir];
    let pid: number | undefined;
    wire.onCall = () => {
      if (pid !== undefined) process.kill(pid, "SIGUSR2");
      pid = undefined;
      return undefined;
    };
    const args = [...withTypeScript, "packages/cli/main.ts", "orphans", "--stack", "prod"];
    const started = (child: ChildProcess) => {
      pid = child.pid;
    };
    const name = "node, asked for reports";
    await this.run.run(name, process.execPath, [...reports, ...args], {
      env: this.realEnv,
      started,
    });
    wire.onCall = undefined;
    return readdirSync(dir).filter((file) => file.startsWith("report.")).length;
  }

  /** Notes the secrets that a stack's outputs hold now; not part of the run. */
  noteOutputs(): void {
    const env = { ...process.env, ...this.realEnv, PATH: this.path };
    const args = ["stack", "output", "--json", "--show-secrets", "--stack", "prod"];
    const text = execFileSync(this.engine.command, args, { cwd: this.run.project, env, encoding: "utf8" });
    this.values.addFields(JSON.parse(text));
  }

  /** Notes the secrets that `env` wrote to a file. */
  noteEnvFile(path: string): void {
    const { CF_ACCESS_CLIENT_SECRET, TUNNEL_TOKEN } = parseEnv(readFileSync(path, "utf8"));
    if (!CF_ACCESS_CLIENT_SECRET || !TUNNEL_TOKEN) throw new Error(`${path} holds no credentials`);
    this.values.add("client secret", CF_ACCESS_CLIENT_SECRET);
    this.values.addConnectorToken(TUNNEL_TOKEN);
  }

  /** Puts another text in the place of a file of the run's own copy of the project. */
  edit(file: string, change: (text: string) => string): void {
    const path = join(this.run.project, file);
    const before = readFileSync(path, "utf8");
    const after = change(before);
    if (after === before) throw new Error(`nothing to change in ${file}`);
    writeFileSync(path, after);
  }
}

/** What is secret by another name in the sandbox's own state. */
interface Kept {
  tunnels: { secret: string }[];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** The project as it is in the work tree, in a repository of its own. */
function copyProject(to: string): void {
  const list = execFileSync("git", ["ls-files", "-z", "-co", "--exclude-standard"], { cwd: projectDir });
  for (const file of list.toString().split("\0")) {
    if (file === "" || file.startsWith("test/") || file.startsWith("docs/images/")) continue;
    mkdirSync(dirname(join(to, file)), { recursive: true });
    copyFileSync(join(projectDir, file), join(to, file));
  }
  symlinkSync(join(projectDir, "node_modules"), join(to, "node_modules"));
  const identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"];
  const git = (...args: string[]) => execFileSync("git", [...identity, ...args], { cwd: to, stdio: "pipe" });
  git("init", "--quiet");
  git("add", "--all");
  git("commit", "--quiet", "--message", "The project");
}

/** Engine and browser are where they are for everybody: neither is this run's. */
function linkCache(home: string): void {
  const cache = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  mkdirSync(join(home, ".cache"), { recursive: true });
  symlinkSync(join(cache, "comfyui-access"), join(home, ".cache", "comfyui-access"));
}
