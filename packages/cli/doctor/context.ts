import { ownerComment } from "../../../components/dns-route";
import type { StackConfig } from "../../../config/stack-config";
import { ApiError } from "../../base/errors";
import type { Problem } from "../../base/problems";
import { flawOf } from "../../client/typescript/credential-form";
import type { Network } from "../../client/typescript/network";
import { AccountApi, type Wire } from "../../cloudflare/account-api";
import { AccountSnapshot } from "../../cloudflare/account-snapshot";
import type { AccountLook } from "../../cloudflare/checks/check";
import type { TokenAccess } from "../secrets/credentials";
import type { StackOutputs } from "../secrets/outputs";
import type { StackState } from "../stack/read-stack";
import type { ACCESS_LIMITS } from "./limits";

/** What is looked at. */
export interface DoctorInput {
  stack: string;
  /** What the report calls it, e.g. `sandbox, stack dev`. */
  environment: string;
  /** Whose permissions the API token has to have. */
  purpose: "preview" | "up";
  /** The project's name in Pulumi.yaml. */
  project: string;
  /** The stack's config, without the keys that are not valid. */
  config: Partial<StackConfig>;
  /** What is wrong with the config. */
  configProblems: readonly Problem[];
  /** The API token that preview and up use. Secret. */
  token?: string;
  /** A second API token, which may read API tokens: only to see the permissions of the first. Secret. */
  tokenReader?: string;
  /** Base URL of the API. Default: the vendor's. */
  baseUrl?: string;
  /** How to reach the hostnames, Google and ComfyUI. */
  network: Network;
  /** The stack's state; without resources when it was never brought up. */
  state(): Promise<Pick<StackState, "resources" | "pendingDeletes">>;
  /** The stack's outputs, secrets included; undefined when it was never brought up. */
  outputs(): Promise<StackOutputs | undefined>;
  /** A folder of the work tree in whose tracked files no secret may stand. */
  dir: string;
  /** Secrets that stand in the repository on purpose: the sandbox's, which are made up. Default: none. */
  madeUp?: readonly string[];
  now: Date;
  limits: typeof ACCESS_LIMITS;
}

/** What the API says of the API token itself. */
export interface ApiToken {
  id: string;
  /** A user's, or one that the account owns: each has its own address. */
  kind: "user" | "account";
  /** `active`, `disabled` or `expired`. */
  status: string;
  /** RFC 3339; absent for one that does not expire. */
  expiresOn?: string;
}

/** The account that several checks read. */
export interface Account {
  /** What the account holds, each thing asked for once. */
  snapshot: AccountSnapshot;
  /** @throws {ApiError} 401 for a token that the API does not know. */
  token(): Promise<ApiToken>;
  zone(): Promise<Wire | undefined>;
}

/** What the checks share: what is looked at, and what the earlier ones found out. */
export interface Context extends DoctorInput {
  /** Undefined without a token that can be sent. */
  account?: Account;
  /** The stack's service tokens, as its outputs have them; `""` for a secret that the state does not know. */
  serviceTokens(): Promise<readonly TokenAccess[]>;
  /** Ids of the vendor's objects that the stack made. */
  ours(): Promise<ReadonlySet<string>>;
  /** By the state; a record also by the comment that the stack's own have. */
  isOurs: AccountLook["isOurs"];
}

/** Somebody waits for the report; what fails can be asked again. */
const RETRIES = 2;
const NO_ACCOUNT = "0".repeat(32);

export function contextOf(input: DoctorInput): Context {
  const state = once(input.state);
  const outputs = once(input.outputs);
  const ours = once(
    async () => new Set((await state()).resources.map(({ id }) => id).filter((id) => id !== "")),
  );
  const comment = ownerComment(input.project, input.stack);
  return {
    ...input,
    state,
    outputs,
    serviceTokens: once(async () => {
      const tokens = Object.entries((await outputs())?.serviceTokens ?? {});
      return tokens.map(([name, { clientId, clientSecret, expiresAt }]) => {
        return { name, clientId, clientSecret: clientSecret ?? "", expiresAt: expiresAt || undefined };
      });
    }),
    account:
      input.token === undefined || flawOf(input.token) !== undefined
        ? undefined
        : accountOf(input, input.token),
    ours,
    isOurs: async (kind, object) =>
      (await ours()).has(String(object["id"])) || (kind === "DNS record" && object["comment"] === comment),
  };
}

/** The account through another API token. */
export function apiFor({ config, baseUrl }: DoctorInput, token: string): AccountApi {
  return new AccountApi({ accountId: config.accountId ?? NO_ACCOUNT, token, baseUrl, retries: RETRIES });
}

function accountOf(input: DoctorInput, token: string): Account {
  const api = apiFor(input, token);
  const snapshot = new AccountSnapshot(api);
  const { zone } = input.config;
  return {
    snapshot,
    token: once(() => verify(api, token)),
    zone: async () => (zone === undefined ? undefined : snapshot.zone(zone)),
  };
}

/** Whose a token is, as it shows: those that an account owns begin with `cfat_`, but for older ones. */
export const ownerOf = (token: string): ApiToken["kind"] => (token.startsWith("cfat_") ? "account" : "user");

/** An account's tokens are verified at its address, and users' at the user's. */
async function verify(api: AccountApi, token: string): Promise<ApiToken> {
  const at = {
    user: "/user/tokens/verify",
    account: api.below("tokens/verify"),
  };
  const ask = async (kind: ApiToken["kind"]): Promise<ApiToken> => {
    const found = (await api.read(at[kind], "the API token")) ?? {};
    const { id, status, expires_on: expiresOn } = found;
    return {
      id: String(id),
      kind,
      status: String(status),
      ...(typeof expiresOn === "string" ? { expiresOn } : {}),
    };
  };
  if (ownerOf(token) === "account") return ask("account");
  return ask("user").catch((refused: unknown) => {
    // Older ones of an account's have no prefix.
    if (!(refused instanceof ApiError && refused.status === 401)) throw refused;
    return ask("account").catch(() => Promise.reject(refused));
  });
}

/** The same promise however often it is asked for. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
