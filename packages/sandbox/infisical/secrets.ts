import type { Context } from "hono";
import { z } from "zod";
import type { InfisicalIdentity, InfisicalSecret } from "../account/entities";
import { newUuid } from "../account/ids";
import type { Store } from "../account/store";
import type { SandboxApp, SandboxEnv } from "../api/context";
import { identityOf } from "./auth";
import { checkedInput, readInfisicalBody } from "./body";
import { badRequest, InfisicalError, notAllowed, notFound } from "./errors";

type Role = InfisicalIdentity["memberships"][number]["role"];

const HIDDEN = "<hidden-by-infisical>";

const folder = z
  .string()
  .trim()
  .default("/")
  .transform((path) => (path.length > 1 ? path.replace(/\/+$/, "") : path));
const place = { workspaceId: z.string().trim(), environment: z.string().trim(), secretPath: folder };
// Like Infisical, without blanks around, but with a line end at the end where there is one.
const value = z.string().transform((text) => (text.endsWith("\n") ? `${text.trim()}\n` : text.trim()));
const type = z.enum(["shared", "personal"]).default("shared");
const flag = (initial: "true" | "false") => z.enum(["true", "false"]).default(initial);

const listQuery = z.object({
  ...place,
  viewSecretValue: flag("true"),
  expandSecretReferences: flag("false"),
  recursive: flag("false"),
  include_imports: flag("false"),
});
const getQuery = z.object({ ...place, type, viewSecretValue: flag("true") });
const createBody = z.object({ ...place, type, secretValue: value, secretComment: z.string().default("") });
const updateBody = z.object({
  ...place,
  type,
  secretValue: value.optional(),
  secretComment: z.string().optional(),
  newSecretName: z.string().optional(),
});
const deleteBody = z.object({ ...place, type });
const nameParam = z
  .string()
  .trim()
  .min(1)
  .refine((text) => !/[:/]/.test(text), "Secret name cannot contain colon or forward-slash.");

type Place = z.infer<z.ZodObject<typeof place>>;

/**
 * Shared secrets of a project's folders, in clear as clients see them.
 * See https://infisical.com/docs/api-reference/endpoints/secrets/list; the client calls version 3 of it.
 */
export function secrets(app: SandboxApp, store: Store): void {
  const base = "/api/v3/secrets/raw";

  app.get(base, (c) => {
    const query = checkedInput(c.req.query(), listQuery);
    for (const name of ["recursive", "include_imports"] as const) {
      if (query[name] === "true") throw badRequest(`sandbox: ${name} is not emulated`);
    }
    const role = roleIn(c, store, query);
    const hidden = query.viewSecretValue === "false" || role === "describer";
    const found = store.infisicalSecrets.where((secret) => isIn(secret, query));
    return c.json({ secrets: found.map((secret) => render(secret, hidden)), imports: [] });
  });

  app.get(`${base}/:name`, (c) => {
    const query = checkedInput(c.req.query(), getQuery);
    const role = roleIn(c, store, query);
    const secret = known(store, query, nameOf(c));
    if (query.viewSecretValue === "true" && role === "describer") {
      throw new InfisicalError(
        403,
        "ForbiddenReadSecretError",
        `You do not have permission to view secret value on secret with name '${secret.key}'`,
      );
    }
    return c.json({ secret: render(secret, query.viewSecretValue === "false") });
  });

  app.post(`${base}/:name`, async (c) => {
    const body = await readInfisicalBody(c, createBody);
    const role = roleIn(c, store, body);
    const key = nameOf(c);
    const where = folderOf(store, body, "CreateSecret");
    refusePersonal(body.type);
    if (find(store, body, key)) throw badRequest("Secret already exist");
    if (role !== "admin") throw notAllowed("create");
    if (where.approval) return c.json(approvalOf(where));
    const now = store.now().toISOString();
    const secret: InfisicalSecret = {
      id: newUuid(),
      projectId: body.workspaceId,
      environment: body.environment,
      secretPath: body.secretPath,
      key,
      secretValue: body.secretValue,
      secretComment: body.secretComment,
      version: 1,
      createdAt: now,
      updatedAt: now,
    };
    return c.json({ secret: render(store.infisicalSecrets.put(secret), false) });
  });

  app.patch(`${base}/:name`, async (c) => {
    const body = await readInfisicalBody(c, updateBody);
    const role = roleIn(c, store, body);
    const where = folderOf(store, body, "UpdateSecret");
    refusePersonal(body.type);
    const secret = known(store, body, nameOf(c));
    if (role !== "admin") throw notAllowed("edit");
    if (where.approval) return c.json(approvalOf(where));
    const changed: InfisicalSecret = {
      ...secret,
      key: body.newSecretName ?? secret.key,
      secretValue: body.secretValue ?? secret.secretValue,
      secretComment: body.secretComment ?? secret.secretComment,
      version: secret.version + 1,
      updatedAt: store.now().toISOString(),
    };
    return c.json({ secret: render(store.infisicalSecrets.put(changed), false) });
  });

  app.delete(`${base}/:name`, async (c) => {
    const body = await readInfisicalBody(c, deleteBody);
    const role = roleIn(c, store, body);
    const where = folderOf(store, body, "DeleteSecret");
    const secret = known(store, body, nameOf(c));
    if (role !== "admin") throw notAllowed("delete");
    if (where.approval) return c.json(approvalOf(where));
    store.infisicalSecrets.remove(secret.id);
    return c.json({ secret: render(secret, false) });
  });
}

/** The role of the calling identity in the project. */
function roleIn(c: Context<SandboxEnv>, store: Store, { workspaceId }: Place): Role {
  const identity = identityOf(store, c.req.header("authorization"));
  if (store.infisicalProjects.get(workspaceId) === undefined) {
    throw notFound(`Project with ID '${workspaceId}' not found`);
  }
  const membership = identity.memberships.find(({ projectId }) => projectId === workspaceId);
  if (membership === undefined) {
    throw new InfisicalError(403, "ForbiddenError", "You are not a member of this project");
  }
  return membership.role;
}

/** Reading a folder that is not there finds nothing; writing to one is an error. */
function folderOf(store: Store, { workspaceId, environment, secretPath }: Place, action: string) {
  const known = store.infisicalProjects
    .get(workspaceId)
    ?.environments.find(({ slug }) => slug === environment);
  if (known === undefined || (secretPath !== "/" && !known.folders.includes(secretPath))) {
    throw notFound(
      `Folder with path '${secretPath}' in environment with slug '${environment}' not found`,
      action,
    );
  }
  return known;
}

function refusePersonal(kind: "shared" | "personal"): void {
  if (kind === "personal") throw badRequest("Must be user to create personal secret");
}

const isIn = (secret: InfisicalSecret, { workspaceId, environment, secretPath }: Place): boolean =>
  secret.projectId === workspaceId && secret.environment === environment && secret.secretPath === secretPath;

const find = (store: Store, where: Place, key: string): InfisicalSecret | undefined =>
  store.infisicalSecrets.where((secret) => isIn(secret, where) && secret.key === key)[0];

function known(store: Store, where: Place, key: string): InfisicalSecret {
  const secret = find(store, where, key);
  if (secret === undefined) throw notFound(`Secret with name ${key} not found`);
  return secret;
}

const nameOf = (c: Context<SandboxEnv>): string => checkedInput(c.req.param("name"), nameParam);

/** Where a policy asks for approval, the change waits, and the answer is a request instead of a secret. */
function approvalOf({ slug }: { slug: string }) {
  const id = newUuid();
  return { approval: { id, slug: `${slug}-${id.slice(0, 8)}`, status: "open", hasMerged: false } };
}

function render(secret: InfisicalSecret, hidden: boolean) {
  const { id, projectId, key, environment, secretPath, version, createdAt, updatedAt } = secret;
  return {
    id,
    _id: id,
    workspace: projectId,
    environment,
    version,
    type: "shared",
    secretKey: key,
    secretValue: hidden ? HIDDEN : secret.secretValue,
    secretValueHidden: hidden,
    secretComment: secret.secretComment,
    secretPath,
    skipMultilineEncoding: false,
    isRotatedSecret: false,
    tags: [],
    secretMetadata: [],
    createdAt,
    updatedAt,
  };
}
