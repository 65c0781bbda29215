import { randomBytes } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { z } from "zod";
import type { GcpSecret, GcpSecretVersion, JsonObject } from "../account/entities";
import type { Store } from "../account/store";
import type { SandboxApp, SandboxEnv } from "../api/context";
import { readGoogleBody } from "./body";
import { GoogleError, invalidArgument, notFound } from "./errors";
import { requireService } from "./service-usage";

const SERVICE = "secretmanager.googleapis.com";

const labels = z.record(z.string(), z.string());
const secretBody = z.strictObject({
  name: z.string().optional(),
  replication: z
    .strictObject({ automatic: z.looseObject({}).optional(), userManaged: z.looseObject({}).optional() })
    .optional(),
  labels: labels.optional(),
  annotations: labels.optional(),
  versionAliases: z.record(z.string(), z.string()).optional(),
  versionDestroyTtl: z.string().optional(),
  ttl: z.string().optional(),
  expireTime: z.string().optional(),
  topics: z.array(z.looseObject({})).optional(),
  rotation: z.looseObject({}).optional(),
  etag: z.string().optional(),
  tags: labels.optional(),
  customerManagedEncryption: z.looseObject({}).optional(),
});
const versionBody = z.strictObject({
  payload: z.strictObject({
    data: z.base64().min(1),
    dataCrc32c: z.union([z.string(), z.number()]).optional(),
  }),
});
const policyBody = z.strictObject({
  policy: z.strictObject({
    version: z.int().optional(),
    etag: z.string().optional(),
    bindings: z
      .array(
        z.strictObject({
          role: z.string().min(1),
          members: z.array(z.string().regex(/^[A-Za-z]+(:.+)?$/, "must be kind:name")),
          condition: z.looseObject({}).optional(),
        }),
      )
      .optional(),
    auditConfigs: z.array(z.looseObject({})).optional(),
  }),
  updateMask: z.string().optional(),
});

/**
 * Secret Manager v1: secrets, versions and their IAM policy.
 * See https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.
 */
export function secretManager(app: SandboxApp, store: Store): void {
  const base = "/v1/projects/:project/secrets";
  const enabled: MiddlewareHandler<SandboxEnv> = async (c, next) => {
    requireService(store, c.req.param("project") ?? "", SERVICE);
    await next();
  };
  app.use(base, enabled);
  app.use(`${base}/*`, enabled);

  app.get(base, (c) => {
    const parent = `projects/${c.req.param("project")}/secrets/`;
    const secrets = store.gcpSecrets.where(({ id }) => id.startsWith(parent));
    return c.json({ secrets: secrets.map(renderSecret), totalSize: secrets.length });
  });

  app.post(base, async (c) => {
    const name = c.req.query("secretId") ?? "";
    if (!/^[A-Za-z0-9_-]{1,255}$/.test(name))
      throw invalidArgument("secretId: letters, digits, - and _ only");
    const id = `projects/${c.req.param("project")}/secrets/${name}`;
    const { name: _, etag: __, ...fields } = await readGoogleBody(c, secretBody);
    if (fields.replication === undefined) throw invalidArgument("secret.replication is required");
    if (store.gcpSecrets.get(id))
      throw new GoogleError(409, "ALREADY_EXISTS", `Secret [${id}] already exists.`);
    const secret: GcpSecret = {
      id,
      createTime: store.now().toISOString(),
      fields,
      versions: [],
      iam: { version: 1, etag: newEtag(), bindings: [] },
    };
    return c.json(renderSecret(store.gcpSecrets.put(secret)));
  });

  app.get(`${base}/:target`, (c) => {
    const [name, method] = split(c);
    const secret = known(c, store, name);
    if (method === undefined) return c.json(renderSecret(secret));
    if (method === "getIamPolicy") return c.json(secret.iam);
    throw noMethod(method);
  });

  app.patch(`${base}/:secret`, async (c) => {
    const secret = known(c, store, c.req.param("secret"));
    const body: JsonObject = await readGoogleBody(c, secretBody);
    const mask = (c.req.query("updateMask") ?? "").split(",").filter((field) => field !== "");
    if (mask.length === 0) throw invalidArgument("updateMask is required");
    const fields = { ...secret.fields };
    for (const field of mask) {
      if (field === "replication") throw invalidArgument("replication cannot be changed");
      if (body[field] === undefined) delete fields[field];
      else fields[field] = body[field];
    }
    return c.json(renderSecret(store.gcpSecrets.put({ ...secret, fields })));
  });

  app.delete(`${base}/:secret`, (c) => {
    store.gcpSecrets.remove(known(c, store, c.req.param("secret")).id);
    return c.json({});
  });

  app.post(`${base}/:target`, async (c) => {
    const [name, method] = split(c);
    const secret = known(c, store, name);
    if (method === "addVersion") return addVersion(c, store, secret);
    if (method === "setIamPolicy") return setIamPolicy(c, store, secret);
    if (method === "getIamPolicy") return c.json(secret.iam);
    throw noMethod(method);
  });

  app.get(`${base}/:secret/versions`, (c) => {
    const secret = known(c, store, c.req.param("secret"));
    const versions = secret.versions.toReversed().map((version) => renderVersion(secret, version));
    return c.json({ versions, totalSize: versions.length });
  });

  app.get(`${base}/:secret/versions/:target`, (c) => {
    const secret = known(c, store, c.req.param("secret"));
    const [name, method] = split(c);
    const version = knownVersion(secret, name);
    if (method === undefined) return c.json(renderVersion(secret, version));
    if (method === "access") return access(c, secret, version);
    throw noMethod(method);
  });

  app.post(`${base}/:secret/versions/:target`, async (c) => {
    const secret = known(c, store, c.req.param("secret"));
    const [name, method] = split(c);
    const version = knownVersion(secret, name);
    const state = ({ enable: "ENABLED", disable: "DISABLED", destroy: "DESTROYED" } as const)[method ?? ""];
    if (state === undefined) throw noMethod(method);
    if (version.state === "DESTROYED") {
      throw new GoogleError(400, "FAILED_PRECONDITION", "The version is destroyed.");
    }
    const changed: GcpSecretVersion = { ...version, state, data: state === "DESTROYED" ? "" : version.data };
    const versions = secret.versions.map((other) => (other.number === changed.number ? changed : other));
    store.gcpSecrets.put({ ...secret, versions });
    return c.json(renderVersion(secret, changed));
  });
}

async function addVersion(c: Context<SandboxEnv>, store: Store, secret: GcpSecret): Promise<Response> {
  const { payload } = await readGoogleBody(c, versionBody);
  const version: GcpSecretVersion = {
    number: (secret.versions.at(-1)?.number ?? 0) + 1,
    state: "ENABLED",
    data: payload.data,
    createTime: store.now().toISOString(),
  };
  store.gcpSecrets.put({ ...secret, versions: [...secret.versions, version] });
  return c.json(renderVersion(secret, version));
}

function access(c: Context<SandboxEnv>, secret: GcpSecret, version: GcpSecretVersion): Response {
  if (version.state !== "ENABLED") {
    throw new GoogleError(400, "FAILED_PRECONDITION", `The version is in the state ${version.state}.`);
  }
  return c.json({ name: `${secret.id}/versions/${version.number}`, payload: { data: version.data } });
}

/** Replaces the policy; a stale etag is refused, as two writers at once would lose a binding. */
async function setIamPolicy(c: Context<SandboxEnv>, store: Store, secret: GcpSecret): Promise<Response> {
  const { policy } = await readGoogleBody(c, policyBody);
  if (policy.etag !== undefined && policy.etag !== secret.iam.etag) {
    throw new GoogleError(409, "ABORTED", "There were concurrent policy changes. Please retry.");
  }
  const iam = { version: policy.version ?? 1, etag: newEtag(), bindings: policy.bindings ?? [] };
  store.gcpSecrets.put({ ...secret, iam });
  return c.json(iam);
}

function known(c: Context<SandboxEnv>, store: Store, name: string): GcpSecret {
  const id = `projects/${c.req.param("project")}/secrets/${name}`;
  const secret = store.gcpSecrets.get(id);
  if (!secret) throw notFound(`Secret [${id}]`);
  return secret;
}

function knownVersion(secret: GcpSecret, name: string): GcpSecretVersion {
  const version =
    name === "latest"
      ? secret.versions.findLast(({ state }) => state === "ENABLED")
      : secret.versions.find(({ number }) => String(number) === name);
  if (!version) throw notFound(`Secret Version [${secret.id}/versions/${name}]`);
  return version;
}

/** A last path segment `name` or `name:method`. */
function split(c: Context<SandboxEnv>): [name: string, method: string | undefined] {
  const [name = "", method] = (c.req.param("target") ?? "").split(":");
  return [name, method];
}

const noMethod = (method: string | undefined): GoogleError =>
  new GoogleError(404, "NOT_FOUND", `sandbox: no method "${method ?? ""}" here`);

const newEtag = (): string => randomBytes(9).toString("base64");

const renderSecret = (secret: GcpSecret) => ({
  name: secret.id,
  ...secret.fields,
  createTime: secret.createTime,
  etag: secret.iam.etag,
});

const renderVersion = (secret: GcpSecret, version: GcpSecretVersion) => ({
  name: `${secret.id}/versions/${version.number}`,
  createTime: version.createTime,
  state: version.state,
  replicationStatus: { automatic: {} },
});
