import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { parseConfig, type StackConfig } from "../../config/stack-config";
import type { DoctorInput } from "../../packages/cli/doctor/context";
import { ACCESS_LIMITS } from "../../packages/cli/doctor/limits";
import { projectDir } from "../../packages/cli/sandboxed/workspace";
import type { StackState } from "../../packages/cli/stack/read-stack";
import { DEV_ACCOUNT_ID, DEV_ZONE_ID } from "../../packages/sandbox/account/seed";
import { type Origin, startOrigin } from "../../packages/sandbox/origin";
import { type Sandbox, startSandbox } from "../../packages/sandbox/server/server";

export const ACCOUNT = `/accounts/${DEV_ACCOUNT_ID}`;
export const ACCESS = `${ACCOUNT}/access`;
export const RECORDS = `/zones/${DEV_ZONE_ID}/dns_records`;
export const HOSTNAME = "comfyui.datacrew.space";

const GOOGLE_SECRET = "sandbox-google-client-secret";

type Fields = Record<string, unknown>;

/** A sandbox with a ComfyUI on this machine, and what doctor is told of the stack dev. */
export interface Rig {
  sandbox: Sandbox;
  origin: Origin;
  /** A sound stack before its first `up`. */
  input: DoctorInput;
  /** One call as the account's owner; answers the result. */
  send(method: string, path: string, body?: Fields): Promise<Fields>;
  /** Gives the API token other permissions. */
  permit(groups: readonly string[], resources?: Record<string, string>): void;
  /** A folder of its own, deleted at the end. */
  folder(): Promise<string>;
  /** Back to an untouched account and a sound stack. */
  reset(): void;
  close(): Promise<void>;
}

export async function openRig(): Promise<Rig> {
  const sandbox = await startSandbox({ rateLimit: false, edge: true });
  const { edge, store } = sandbox;
  if (edge === undefined) throw new Error("the sandbox has no edge");
  const origin = await startOrigin({ settings: { enableCorsHeader: `https://${HOSTNAME}` } });
  const at = new URL(origin.url);
  const network = {
    ...edge.network,
    routes: { ...edge.network.routes, "localhost:8188": { host: at.hostname, port: Number(at.port) } },
  };
  const folders: string[] = [];
  const input = (): DoctorInput => ({
    stack: "dev",
    environment: "sandbox, stack dev",
    purpose: "up",
    project: "comfyui-access",
    config: devConfig(),
    configProblems: [],
    token: sandbox.tokens.up,
    tokenReader: sandbox.tokens.admin,
    baseUrl: sandbox.apiUrl,
    network,
    state: async () => stateOf({}),
    outputs: async () => undefined,
    madeUp: [sandbox.tokens.up, sandbox.tokens.preview, sandbox.tokens.accountOwned, GOOGLE_SECRET],
    dir: projectDir,
    now: store.now(),
    limits: ACCESS_LIMITS,
  });
  const rig: Rig = {
    sandbox,
    origin,
    input: input(),
    async send(method, path, body) {
      const answer = await fetch(`${sandbox.apiUrl}${path}`, {
        method,
        headers: { authorization: `Bearer ${sandbox.tokens.admin}`, "content-type": "application/json" },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      const { result, errors } = (await answer.json()) as { result: Fields; errors: unknown };
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(errors)}`);
      return result;
    },
    permit(groups, resources) {
      const token = store.apiTokens.where(({ name }) => name === "up")[0];
      const policy = token?.policies[0];
      if (token === undefined || policy === undefined) throw new Error("the seed has no token up");
      const changed = { ...policy, permissionGroups: [...groups], resources: resources ?? policy.resources };
      store.apiTokens.put({ ...token, policies: [changed] });
    },
    async folder() {
      const dir = await mkdtemp(join(tmpdir(), "comfyui-access-doctor-"));
      folders.push(dir);
      return dir;
    },
    reset() {
      sandbox.reset();
      origin.reset();
      Object.assign(origin.settings, { enableCorsHeader: `https://${HOSTNAME}` });
      rig.input = input();
    },
    async close() {
      await sandbox.close();
      await origin.close();
      await Promise.all(folders.map((dir) => rm(dir, { recursive: true, force: true })));
    },
  };
  return rig;
}

/** The committed config of the stack dev, with its one secret in clear. */
export function devConfig(): StackConfig {
  const file = parse(readFileSync(join(projectDir, "Pulumi.dev.yaml"), "utf8")) as { config: Fields };
  const raw = Object.fromEntries(
    Object.entries(file.config).map(([key, value]) => [key.replace("comfyui-access:", ""), value]),
  );
  raw["google"] = {
    clientId: "sandbox.apps.googleusercontent.com",
    clientSecret: GOOGLE_SECRET,
  };
  raw["protectTokens"] = false;
  return parseConfig(raw, { stack: "dev" });
}

/** What the state says of objects that the stack made. */
export function stateOf(
  ids: Readonly<Record<string, string>>,
): Pick<StackState, "resources" | "pendingDeletes"> {
  const resources = Object.entries(ids).map(([name, id]) => ({
    urn: `urn:pulumi:dev::comfyui-access::cloudflare:index/made:Made::${name}`,
    type: "cloudflare:index/made:Made",
    name,
    id,
    inputs: { accountId: DEV_ACCOUNT_ID },
    outputs: {},
  }));
  return { resources, pendingDeletes: [] };
}
