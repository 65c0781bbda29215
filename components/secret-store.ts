// Single files of the package: they load in milliseconds, its root and its module folders in half a second.
import { Service } from "@pulumi/gcp/projects/service.js";
import { Secret } from "@pulumi/gcp/secretmanager/secret.js";
import { SecretIamMember } from "@pulumi/gcp/secretmanager/secretIamMember.js";
import { SecretVersion } from "@pulumi/gcp/secretmanager/secretVersion.js";
import * as pulumi from "@pulumi/pulumi";
import { secretId } from "../config/secret-id";
import { COMPONENTS } from "./types";

/** One value to keep. */
export interface StoredSecret {
  /** The value; wrapped as a secret here in any case. */
  value: pulumi.Input<string>;
  /** Whether the store's readers may read it. */
  readable: boolean;
}

/** What to keep where, and who may read it. */
export interface SecretStoreArgs {
  /** Google Cloud project id. */
  project: string;
  /** Put before each secret's name, since ids are unique per project only, e.g. `comfyui-access-prod`. */
  prefix: string;
  /** IAM members, e.g. `serviceAccount:…`, that may read the readable secrets. */
  readers: readonly string[];
  /** The values by name. */
  secrets: Readonly<Record<string, StoredSecret>>;
  /**
   * Ids of secrets that an interrupted run of the stack made, by the secret's name: they are taken into the state.
   * Default: all are made.
   */
  importIds?: Readonly<Record<string, string>>;
}

/**
 * Credentials in Google Secret Manager, so that clients fetch them under their own identity instead of
 * being handed a file. https://cloud.google.com/secret-manager/docs
 */
export class SecretStore extends pulumi.ComponentResource {
  constructor(name: string, args: SecretStoreArgs, opts?: pulumi.ComponentResourceOptions) {
    super(COMPONENTS.store, name, {}, opts);
    const child = { parent: this };
    const { api, secrets } = storedSecrets(name, args);
    const service = new Service(api.name, api.properties, child);
    for (const { key, value, secret, version, readers } of secrets) {
      const options = { parent: this, dependsOn: service, import: args.importIds?.[key] };
      const { id, secretId } = new Secret(key, secret, options);
      new SecretVersion(key, version(id, pulumi.secret(value)), child);
      for (const { name: reader, grant } of readers) new SecretIamMember(reader, grant(secretId), child);
    }
    this.registerOutputs({});
  }
}

/** What {@link SecretStore} declares; its versions and grants as soon as the secret that they belong to is known. */
export function storedSecrets(name: string, { project, prefix, readers, secrets }: SecretStoreArgs) {
  return {
    api: {
      name: `${name}-api`,
      // Others in the project may use it too, so it stays on when the stack goes.
      properties: { project, service: "secretmanager.googleapis.com", disableOnDestroy: false },
    },
    secrets: Object.entries(secrets).map(([key, { value, readable }]) => ({
      key,
      value,
      secret: { project, secretId: secretId(prefix, key), replication: { auto: {} } },
      // A changed value is a new version; the old one stays, since a rotated secret is good for a while yet.
      version: (secret: pulumi.Input<string>, secretData: pulumi.Input<string>) => {
        return { secret, secretData, deletionPolicy: "ABANDON" };
      },
      readers: (readable ? readers : []).map((member) => ({
        name: `${key}-${member}`,
        grant: (id: pulumi.Input<string>) => {
          return { project, secretId: id, role: "roles/secretmanager.secretAccessor", member };
        },
      })),
    })),
  };
}

/** Each token as clients read it: `<client id>:<client secret>`. */
export function readableTokens(
  tokens: Readonly<Record<string, { clientId: pulumi.Input<string>; clientSecret: pulumi.Input<string> }>>,
): Record<string, pulumi.Output<string>> {
  const readable: Record<string, pulumi.Output<string>> = {};
  for (const [name, { clientId, clientSecret }] of Object.entries(tokens)) {
    // A token that was taken over has no secret that anybody knows, until it is rotated.
    readable[name] = pulumi
      .all([clientId, clientSecret as pulumi.Input<string | undefined>])
      .apply(([id, secret]) => `${id}:${secret ?? ""}`);
  }
  return readable;
}

/** What the store keeps: each token, and the OAuth client's secret, which is for the stack's owner only. */
export function storedCredentials(
  tokens: Readonly<Record<string, pulumi.Input<string>>>,
  googleClientSecret: pulumi.Input<string> | undefined,
): Record<string, StoredSecret> {
  const stored: Record<string, StoredSecret> = {};
  for (const [name, value] of Object.entries(tokens)) stored[name] = { value, readable: true };
  if (googleClientSecret !== undefined) {
    stored["google-client-secret"] = { value: googleClientSecret, readable: false };
  }
  return stored;
}
