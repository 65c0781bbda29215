import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureEngine } from "../../../packages/cli/engine/engine";
import { type PulumiResult, pulumi } from "../../../packages/cli/engine/pulumi";
import { openWorkspace } from "../../../packages/cli/sandboxed/workspace";
import { type SandboxProvider, startSandboxProvider } from "../../../packages/sandbox/provider";
import { type Sandbox, startSandbox } from "../../../packages/sandbox/server/server";

/** One resource as the state holds it. */
export interface StoredResource {
  urn: string;
  type: string;
  id?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
  additionalSecretOutputs?: string[];
}

/** A request without what differs from run to run. */
export interface PlainRequest {
  method: string;
  path: string;
  body?: unknown;
}

const ACCOUNT = "0123456789abcdef0123456789abcdef";
const ZONE = "fedcba9876543210fedcba9876543210";

/** The real engine with the flat program, the sandbox and its provider. */
export class FlatRig {
  private seen = 0;

  private constructor(
    private readonly dir: string,
    private readonly command: string,
    private readonly env: NodeJS.ProcessEnv,
    readonly sandbox: Sandbox,
    private readonly provider: SandboxProvider,
  ) {}

  static async open(): Promise<FlatRig> {
    const dir = await mkdtemp(join(tmpdir(), "flat-"));
    const engine = await ensureEngine();
    const workspace = await openWorkspace({ engine, dir });
    const sandbox = await startSandbox();
    const { apiUrl, gcpUrl } = sandbox;
    const provider = await startSandboxProvider({ apiUrl, apiToken: sandbox.tokens.up, gcpUrl });
    const env = { ...workspace.env, PULUMI_DEBUG_PROVIDERS: provider.debugProviders };
    const rig = new FlatRig(dir, engine.command, env, sandbox, provider);
    await rig.change({});
    await rig.must(["stack", "init", "flat"]);
    return rig;
  }

  async close(): Promise<void> {
    await this.provider.close();
    await this.sandbox.close();
    await rm(this.dir, { recursive: true, force: true });
  }

  /** Sets what the program changes from now on, and whatever else the config is to hold, by full key. */
  async change(changes: object, more: Readonly<Record<string, string>> = {}): Promise<void> {
    const config = { accountId: ACCOUNT, zoneId: ZONE, changes };
    const named = Object.fromEntries(Object.entries(config).map(([name, value]) => [`flat:${name}`, value]));
    await writeFile(this.configFile(), JSON.stringify({ config: { ...named, ...more } }));
  }

  run(args: string[]): Promise<PulumiResult> {
    const config = args[0] === "stack" ? [] : ["--config-file", this.configFile(), "--stack", "flat"];
    return pulumi({ command: this.command, cwd: __dirname, env: this.env }, [...args, ...config]);
  }

  async must(args: string[]): Promise<PulumiResult> {
    const result = await this.run(args);
    if (result.code !== 0) throw new Error(`pulumi ${args.join(" ")}:\n${result.stdout}\n${result.stderr}`);
    return result;
  }

  /** What a preview plans, without what stays as it is: `update ZeroTrustAccessPolicy google-email`. */
  async plan(): Promise<string[]> {
    const result = await this.must(["preview", "--json"]);
    const { steps } = JSON.parse(result.stdout) as { steps: { op: string; urn: string }[] };
    return steps
      .filter(({ op }) => op !== "same" && !op.endsWith("replacement") && op !== "delete-replaced")
      .map(({ op, urn }) => `${op} ${nameOf(urn)}`)
      .sort();
  }

  async state(): Promise<StoredResource[]> {
    const file = join(this.dir, "export.json");
    await this.must(["stack", "export", "--stack", "flat", "--show-secrets", "--file", file]);
    const exported = JSON.parse(await readFile(file, "utf8")) as {
      deployment: { resources?: StoredResource[] };
    };
    return (exported.deployment.resources ?? []).filter(({ type }) => type.startsWith("cloudflare:"));
  }

  /** Requests since the last call, with ids replaced by names as in the fixtures. */
  async requests(names: Record<string, string>): Promise<PlainRequest[]> {
    const fresh = this.sandbox.requests.slice(this.seen);
    this.seen = this.sandbox.requests.length;
    return fresh.map(({ method, path, body }) => ({
      method,
      path: named(path.replace("/client/v4", ""), names),
      ...(body === undefined ? {} : { body: named(body, names) }),
    }));
  }

  private configFile(): string {
    return join(this.dir, "Pulumi.flat.yaml");
  }
}

/** `ZeroTrustAccessPolicy google-email` for the URN of that policy. */
export function nameOf(urn: string): string {
  const [type, name] = urn.split("::").slice(-2);
  return `${type?.split(":").at(-1)} ${name}`;
}

/** The value with each id replaced by its name in braces, wherever it stands. */
export function named<T>(value: T, names: Record<string, string>): T {
  const ids = { ...names, [ACCOUNT]: "account", [ZONE]: "zone" };
  let text = JSON.stringify(value);
  for (const [id, name] of Object.entries(ids)) text = text.replaceAll(id, `{${name}}`);
  return JSON.parse(text) as T;
}
