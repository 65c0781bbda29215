import type { InfisicalConfig } from "../../../config/stack-config";
import { UserError } from "../../base/errors";
import { COPY_AGAIN, flawOf } from "../../client/typescript/credential-form";
import { refuseForeignLines } from "./foreign-lines";
import { maskSecrets } from "./mask";
import {
  overallStatus,
  type SecretSink,
  type SecretValues,
  type SinkCheck,
  type SinkStatus,
  type SinkWrite,
} from "./sink";
import { writeKeys } from "./write-keys";

/** Not before it is needed: it brings the AWS client along. */
const load = () => import("@infisical/sdk");
type InfisicalSDK = InstanceType<Awaited<ReturnType<typeof load>>["InfisicalSDK"]>;

/** The client hands on whatever came: half an answer, or the page of a proxy. */
const NOT_INFISICAL = "no answer of Infisical's API, or only a part of one";

export interface InfisicalOptions extends InfisicalConfig {
  /**
   * Holds the machine identity: INFISICAL_TOKEN, an access token, or INFISICAL_CLIENT_ID and
   * INFISICAL_CLIENT_SECRET for universal auth. https://infisical.com/docs/documentation/platform/identities/universal-auth
   */
  env: NodeJS.ProcessEnv;
}

/**
 * Keeps secrets as shared secrets of one folder of an Infisical project; the keys are their names. Others in the
 * folder are left alone.
 * @see https://infisical.com/docs/sdks/languages/node
 */
export class InfisicalSink implements SecretSink {
  readonly name = "infisical";
  private session: Promise<InfisicalSDK> | undefined;
  /** What is there, as the last check saw it: decides between creating and updating. */
  private present = new Map<string, string>();

  constructor(private readonly options: InfisicalOptions) {}

  describe(): string {
    const { siteUrl, projectId, environment, secretPath } = this.options;
    return `Infisical at ${new URL(siteUrl).host}, project ${projectId}, ${environment}:${secretPath}`;
  }

  async check(values: SecretValues): Promise<SinkCheck> {
    this.present = await this.list(Object.keys(values));
    refuseForeignLines(values, Object.fromEntries(this.present), this.describe());
    const keys: Record<string, SinkStatus> = {};
    for (const [key, value] of Object.entries(values)) {
      const found = this.present.get(key);
      keys[key] = found === undefined ? "missing" : found === value ? "current" : "stale";
    }
    return { status: overallStatus(keys), keys, notices: [] };
  }

  write(values: SecretValues): Promise<SinkWrite> {
    return writeKeys(this, values, (key, value) => this.set(key, value));
  }

  private async list(wanted: readonly string[]): Promise<Map<string, string>> {
    const sdk = await this.open();
    try {
      const answer = await sdk.secrets().listSecrets({
        ...this.place(),
        // A value is compared as it stands, and only where it stands.
        expandSecretReferences: false,
        includeImports: false,
        recursive: false,
        viewSecretValue: true,
      });
      const secrets = answer?.secrets;
      if (!Array.isArray(secrets)) throw new Error(NOT_INFISICAL);
      const hidden = secrets.find((secret) => secret.secretValueHidden && wanted.includes(secret.secretKey));
      if (hidden !== undefined) {
        throw new UserError(
          `Infisical hides the value of ${hidden.secretKey} from the machine identity`,
          "Give it a role in the project that may read secret values.",
        );
      }
      return new Map(secrets.map(({ secretKey, secretValue }) => [secretKey, secretValue]));
    } catch (error) {
      throw this.failed("list the secrets", error, []);
    }
  }

  private async set(key: string, value: string): Promise<void> {
    const sdk = await this.open();
    const exists = this.present.has(key);
    try {
      const change = { ...this.place(), secretValue: value };
      const answer: unknown = exists
        ? await sdk.secrets().updateSecret(key, change)
        : await sdk.secrets().createSecret(key, change);
      if (typeof answer !== "object" || answer === null) throw new Error(NOT_INFISICAL);
      if (!("secret" in answer)) {
        throw new UserError(
          `the change of ${key} waits for approval in Infisical`,
          "Have it approved there, or give the machine identity the right to write without approval.",
        );
      }
    } catch (error) {
      throw this.failed(`${exists ? "update" : "create"} ${key}`, error, [value]);
    }
  }

  private place() {
    const { projectId, environment, secretPath } = this.options;
    return { projectId, environment, secretPath };
  }

  private open(): Promise<InfisicalSDK> {
    this.session ??= this.logIn();
    return this.session;
  }

  private async logIn(): Promise<InfisicalSDK> {
    const { env, siteUrl } = this.options;
    const token = env["INFISICAL_TOKEN"];
    const clientId = env["INFISICAL_CLIENT_ID"];
    const clientSecret = env["INFISICAL_CLIENT_SECRET"];
    if (!token && !(clientId && clientSecret)) {
      throw new UserError(
        "no machine identity for Infisical",
        "Set INFISICAL_CLIENT_ID and INFISICAL_CLIENT_SECRET, or INFISICAL_TOKEN.",
      );
    }
    const used = token ? ["INFISICAL_TOKEN"] : ["INFISICAL_CLIENT_ID", "INFISICAL_CLIENT_SECRET"];
    for (const name of used) {
      const flaw = flawOf(env[name] ?? "");
      if (flaw !== undefined) throw new UserError(`${name} ${flaw}, so it is no credential`, COPY_AGAIN);
    }
    const { InfisicalSDK } = await load();
    const sdk = new InfisicalSDK({ siteUrl });
    if (token) return sdk.auth().accessToken(token);
    try {
      return await sdk
        .auth()
        .universalAuth.login({ clientId: clientId ?? "", clientSecret: clientSecret ?? "" });
    } catch (error) {
      throw this.failed("log in", error, []);
    }
  }

  private failed(what: string, error: unknown, values: readonly string[]): UserError {
    if (error instanceof UserError) return error;
    const { env } = this.options;
    const own = [env["INFISICAL_TOKEN"], env["INFISICAL_CLIENT_ID"], env["INFISICAL_CLIENT_SECRET"]];
    const { status, words } = partsOf(error);
    const secrets = [...values, ...own.filter((secret) => secret !== undefined)];
    return new UserError(
      `could not ${what} in ${this.describe()}${status === undefined ? "" : ` (HTTP ${status})`}: ${maskSecrets(words, secrets)}`,
      remedyOf(status),
    );
  }
}

/** The client's errors carry the status in their text alone: `[URL=…] [Method=…] [StatusCode=403] words`. */
function partsOf(error: unknown): { status?: number; words: string } {
  const text = error instanceof Error ? error.message : String(error);
  const [, known, words] = /^\[URL=\S*\] \[Method=\w+\] \[StatusCode=(\d+)\] ([\s\S]*)$/.exec(text) ?? [];
  const [, bare] = /^Request failed with status (\d+)$/.exec(text) ?? [];
  const status = known ?? bare;
  return { status: status === undefined ? undefined : Number(status), words: words ?? text };
}

function remedyOf(status: number | undefined): string {
  switch (status) {
    case 401:
      return "Check INFISICAL_CLIENT_ID and INFISICAL_CLIENT_SECRET, or renew INFISICAL_TOKEN.";
    case 403:
      return "Renew the access token, and give the machine identity a role in the project that may read and write there.";
    case 404:
      return "Check the project's id, the environment's slug and the folder; Infisical makes none of them by itself.";
    default:
      return "Check the site's address and run the command again.";
  }
}
