// Single files of the package: they load in milliseconds, its root and its module folders in half a second.
import { Service } from "@pulumi/gcp/projects/service.js";
import { Secret } from "@pulumi/gcp/secretmanager/secret.js";
import { SecretIamMember } from "@pulumi/gcp/secretmanager/secretIamMember.js";
import { SecretVersion } from "@pulumi/gcp/secretmanager/secretVersion.js";
import * as pulumi from "@pulumi/pulumi";
import { secretId } from "../config/secret-id";

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
    super("comfyui-access:components:SecretStore", name, {}, opts);
    const { project } = args;
    const child = { parent: this };
    const service = new Service(
      `${name}-api`,
      // Others in the project may use it too, so it stays on when the stack goes.
      { project, service: "secretmanager.googleapis.com", disableOnDestroy: false },
      child,
    );
    for (const [key, { value, readable }] of Object.entries(args.secrets)) {
      const secret = new Secret(
        key,
        { project, secretId: secretId(args.prefix, key), replication: { auto: {} } },
        { parent: this, dependsOn: service, import: args.importIds?.[key] },
      );
      new SecretVersion(
        key,
        // A changed value is a new version; the old one stays, since a rotated secret is good for a while yet.
        { secret: secret.id, secretData: pulumi.secret(value), deletionPolicy: "ABANDON" },
        child,
      );
      if (!readable) continue;
      for (const member of args.readers) {
        new SecretIamMember(
          `${key}-${member}`,
          { project, secretId: secret.secretId, role: "roles/secretmanager.secretAccessor", member },
          child,
        );
      }
    }
    this.registerOutputs({});
  }
}

/**
 * What the store keeps: each token as `<client id>:<client secret>`, which is what clients read, and the OAuth
 * client's secret, which is for the stack's owner only.
 */
export function storedCredentials(
  tokens: Readonly<Record<string, { clientId: pulumi.Input<string>; clientSecret: pulumi.Input<string> }>>,
  googleClientSecret: pulumi.Input<string> | undefined,
): Record<string, StoredSecret> {
  const stored: Record<string, StoredSecret> = {};
  for (const [name, { clientId, clientSecret }] of Object.entries(tokens)) {
    // A token that was taken over has no secret that anybody knows, until it is rotated.
    const value = pulumi
      .all([clientId, clientSecret as pulumi.Input<string | undefined>])
      .apply(([id, secret]) => `${id}:${secret ?? ""}`);
    stored[name] = { value, readable: true };
  }
  if (googleClientSecret !== undefined) {
    stored["google-client-secret"] = { value: googleClientSecret, readable: false };
  }
  return stored;
}
