import type { v1 } from "@google-cloud/secret-manager";
import { UserError } from "../../base/errors";
import { isLoopback } from "../../base/host-name";
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

export interface GoogleSecretManagerOptions {
  /** Google Cloud project id. */
  project: string;
  /**
   * Whether to make a secret that does not exist. Not where the stack does: its next update would find the name
   * taken.
   */
  create: boolean;
  /**
   * Base URL of an emulation on this machine, which asks for no identity. Default: Google, with the application
   * default credentials. https://cloud.google.com/docs/authentication/application-default-credentials
   */
  baseUrl?: string;
}

type Client = v1.SecretManagerServiceClient;

/** Canonical codes of Google's APIs. https://cloud.google.com/apis/design/errors */
const NOT_FOUND = 5;
const ALREADY_EXISTS = 6;
const PERMISSION_DENIED = 7;
const FAILED_PRECONDITION = 9;
const UNAUTHENTICATED = 16;

const SCOPE = "https://www.googleapis.com/auth/cloud-platform";

/** The client's own limits add up to ten minutes, which is long for somebody who waits. */
const CALL = {
  timeout: 20_000,
  maxRetries: 2,
};

/**
 * Keeps each secret as the latest version of a secret of Google Secret Manager; the keys are secret ids. Earlier
 * versions stay. A secret that does not exist is made on request, with automatic replication; the API is enabled and
 * readers are granted by the stack alone (components/secret-store.ts).
 * @see https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions
 */
export class GoogleSecretManagerSink implements SecretSink {
  readonly name = "gcp";
  private client: Promise<Client> | undefined;

  constructor(private readonly options: GoogleSecretManagerOptions) {}

  describe(): string {
    return `Google Secret Manager, project ${this.options.project}`;
  }

  async check(values: SecretValues): Promise<SinkCheck> {
    const keys: Record<string, SinkStatus> = {};
    for (const [id, value] of Object.entries(values)) keys[id] = await this.compare(id, value);
    return { status: overallStatus(keys), keys, notices: [] };
  }

  async write(values: SecretValues): Promise<SinkWrite> {
    const made: string[] = [];
    const done = await writeKeys(this, values, async (id, value) => {
      if (await this.add(id, value)) made.push(id);
    });
    const notices = made.map(
      (id) =>
        `${id} is new and has no readers of its own: grant them with secretStore.readers in the stack config, or with gcloud secrets add-iam-policy-binding`,
    );
    return { ...done, notices: [...done.notices, ...notices] };
  }

  /** Whoever reads `latest` gets a disabled version refused, so one that is not enabled is no value at all. */
  private async compare(id: string, value: string): Promise<SinkStatus> {
    const client = await this.open();
    try {
      const [{ payload }] = await client.accessSecretVersion(
        { name: `${this.path(id)}/versions/latest` },
        CALL,
      );
      const { data } = payload ?? {};
      const found = typeof data === "string" ? Buffer.from(data, "base64") : Buffer.from(data ?? []);
      return found.equals(Buffer.from(value)) ? "current" : "stale";
    } catch (error) {
      if (codeOf(error) === NOT_FOUND) return "missing";
      if (codeOf(error) === FAILED_PRECONDITION) return "stale";
      throw this.failed(`read the latest version of ${this.path(id)}`, error, [value]);
    }
  }

  /** @returns whether the secret itself had to be made. */
  private async add(id: string, value: string): Promise<boolean> {
    const client = await this.open();
    const version = { parent: this.path(id), payload: { data: Buffer.from(value) } };
    const what = `add a version to ${this.path(id)}`;
    try {
      await client.addSecretVersion(version, CALL);
      return false;
    } catch (error) {
      if (codeOf(error) !== NOT_FOUND) throw this.failed(what, error, [value]);
    }
    if (!this.options.create) {
      throw new UserError(
        `${this.path(id)} does not exist, although the stack config keeps the credentials there`,
        "Run `pulumi up`: the stack makes the secret and grants its readers.",
      );
    }
    const made = await this.create(client, id);
    try {
      await client.addSecretVersion(version, CALL);
    } catch (error) {
      throw this.failed(what, error, [value]);
    }
    return made;
  }

  private async create(client: Client, id: string): Promise<boolean> {
    const parent = `projects/${this.options.project}`;
    try {
      await client.createSecret({ parent, secretId: id, secret: { replication: { automatic: {} } } }, CALL);
      return true;
    } catch (error) {
      if (codeOf(error) === ALREADY_EXISTS) return false;
      throw this.failed(`create ${this.path(id)}`, error);
    }
  }

  private path(id: string): string {
    return `projects/${this.options.project}/secrets/${id}`;
  }

  private open(): Promise<Client> {
    this.client ??= openClient(this.options.baseUrl).catch((error: unknown) => {
      throw error instanceof UserError ? error : this.failed("log in to Google", error);
    });
    return this.client;
  }

  private failed(what: string, error: unknown, secrets: readonly string[] = []): UserError {
    const { project } = this.options;
    return new UserError(
      `could not ${what}: ${maskSecrets(wordsOf(error), secrets)}`,
      remedyOf(error, project),
    );
  }
}

/** REST rather than gRPC, so that the same transport serves Google and an emulation. */
async function openClient(baseUrl: string | undefined): Promise<Client> {
  const { v1 } = await import("@google-cloud/secret-manager");
  const { GoogleAuth, OAuth2Client } = await import("google-auth-library");
  if (baseUrl === undefined) {
    const auth = new GoogleAuth({ scopes: SCOPE });
    // Asked here, since the client itself would leave a missing identity as a rejection that nobody handles.
    await auth.getClient();
    return new v1.SecretManagerServiceClient({ fallback: true, auth });
  }
  const { hostname, port, protocol } = new URL(baseUrl);
  if (!isLoopback(hostname)) {
    throw new UserError(
      `${baseUrl} is not on this machine, and would get secrets unasked`,
      "Unset SANDBOX_GCP_URL: only the sandbox sets it.",
    );
  }
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: "sandbox" });
  return new v1.SecretManagerServiceClient({
    fallback: true,
    apiEndpoint: hostname,
    port: Number(port),
    protocol: protocol.replace(":", ""),
    authClient,
  });
}

function codeOf(error: unknown): number | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "number" ? code : undefined;
}

/** What was said, without what the client adds: its count of retries, advice to programmers, the request again. */
function wordsOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const [, retried] = / retrying error (?:Error: )?(.*?) before any response was received/.exec(text) ?? [];
  const [first = ""] = (retried ?? text).trim().split("\n");
  const status = error instanceof Error && "httpStatusCode" in error ? error.httpStatusCode : undefined;
  return `${first || "no reason given"}${typeof status === "number" ? ` (HTTP ${status})` : ""}`;
}

function remedyOf(error: unknown, project: string): string {
  const reason = error instanceof Error && "reason" in error ? error.reason : undefined;
  const text = error instanceof Error ? error.message : "";
  if (reason === "SERVICE_DISABLED" || /has not been used in project|is disabled/.test(text)) {
    return `Enable the API: set secretStore in the stack config and run \`pulumi up\`, or: gcloud services enable secretmanager.googleapis.com --project ${project}`;
  }
  switch (codeOf(error)) {
    case PERMISSION_DENIED:
      return `Give your identity the roles secretmanager.secretAccessor and secretmanager.secretVersionAdder in project ${project} (secretmanager.admin to create secrets), and check the project's name.`;
    case UNAUTHENTICATED:
      return "Log in again: gcloud auth application-default login";
    case NOT_FOUND:
      return `Check that the Google Cloud project ${project} exists.`;
    default:
  }
  if (/credential|invalid_grant|reauth|metadata/i.test(text)) {
    return "Log in: gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS.";
  }
  return "Run the command again; if it persists, see https://status.cloud.google.com.";
}
