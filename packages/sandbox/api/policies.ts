import type { Context } from "hono";
import { z } from "zod";
import type { AccessPolicy, JsonObject } from "../account/entities";
import { newUuid, secondsTime } from "../account/ids";
import type { Store } from "../account/store";
import { guard } from "./auth";
import { readBody } from "./body";
import type { Register, SandboxEnv } from "./context";
import { accessConflict, accessInvalid, accessNotFound, ok, page } from "./envelope";
import { knownQuery } from "./query";
import { checkRules } from "./rules";
import { sessionDuration } from "./session-duration";

const DOCS = "zero_trust/subresources/access/subresources/policies/methods/";
const PERMISSION = "Access: Apps and Policies";

const rules = z.array(z.record(z.string(), z.unknown()));

/** What may be written in a policy; also the inline form inside an application. */
export const policyFields = {
  name: z.string().min(1),
  decision: z.enum(["allow", "deny", "non_identity", "bypass"]),
  include: rules.min(1),
  exclude: rules.nullish(),
  require: rules.nullish(),
  approval_groups: z.array(z.record(z.string(), z.unknown())).nullish(),
  approval_required: z.boolean().nullish(),
  connection_rules: z.record(z.string(), z.unknown()).nullish(),
  isolation_required: z.boolean().nullish(),
  mfa_config: z.record(z.string(), z.unknown()).nullish(),
  purpose_justification_prompt: z.string().nullish(),
  purpose_justification_required: z.boolean().nullish(),
  session_duration: z.string().nullish(),
};

/** Fields that only answers have; ignored, since writing back what a GET returned must work. */
export const policyAnswerFields = {
  id: z.string().optional(),
  uid: z.string().optional(),
  account_id: z.string().optional(),
  app_count: z.number().optional(),
  reusable: z.boolean().optional(),
  created_at: z.string().optional(),
  updated_at: z.string().optional(),
};

export const policyBody = z.strictObject({ ...policyFields, ...policyAnswerFields });

/** /accounts/{account}/access/policies: the reusable policies. */
export const policies: Register = (app, store) => {
  const path = "/accounts/:account/access/policies";
  const reading = (method: string) =>
    guard(store, { permission: `${PERMISSION} Read`, docs: DOCS + method, access: true });
  const writing = (method: string) =>
    guard(store, { permission: `${PERMISSION} Write`, docs: DOCS + method, access: true });

  app.get(path, reading("list"), (c) => {
    knownQuery(c, []);
    const list = store.policies.where(
      (policy) => policy.accountId === c.get("account").id && policy.appId === null,
    );
    return page(
      c,
      list.map((policy) => renderPolicy(policy, store)),
      100,
    );
  });

  app.get(`${path}/:id`, reading("get"), (c) => ok(c, renderPolicy(known(c, store), store)));

  app.post(path, writing("create"), async (c) => {
    const body = await readBody(c, policyBody, accessInvalid);
    const accountId = c.get("account").id;
    return ok(c, renderPolicy(store.policies.put(newPolicy(store, accountId, null, body)), store), {
      status: store.settings.accessCreateStatus,
    });
  });

  app.put(`${path}/:id`, writing("update"), async (c) => {
    const policy = known(c, store);
    const fields = checkedPolicy(store, policy.accountId, await readBody(c, policyBody, accessInvalid));
    const updated: AccessPolicy = { ...policy, fields, updatedAt: secondsTime(store.now()) };
    return ok(c, renderPolicy(store.policies.put(updated), store));
  });

  app.delete(`${path}/:id`, writing("delete"), (c) => {
    const policy = known(c, store);
    if (appCount(policy, store) > 0) throw accessConflict("policy is being used by at least one app");
    store.policies.remove(policy.id);
    return ok(c, { id: policy.id }, { status: 202 });
  });
};

/** A policy as a body describes it, checked; `appId` is null for a reusable one. */
export function newPolicy(
  store: Store,
  accountId: string,
  appId: string | null,
  body: JsonObject,
): AccessPolicy {
  const now = secondsTime(store.now());
  const fields = checkedPolicy(store, accountId, body);
  return { id: newUuid(), accountId, appId, fields, createdAt: now, updatedAt: now };
}

/** The wire form of a policy. */
export function renderPolicy(policy: AccessPolicy, store: Store): JsonObject {
  return {
    id: policy.id,
    uid: policy.id,
    exclude: [],
    require: [],
    ...policy.fields,
    reusable: policy.appId === null,
    ...(policy.appId === null ? { app_count: appCount(policy, store) } : {}),
    created_at: policy.createdAt,
    updated_at: policy.updatedAt,
  };
}

function known(c: Context<SandboxEnv>, store: Store): AccessPolicy {
  const policy = store.policies.get(c.req.param("id") ?? "");
  if (policy?.accountId !== c.get("account").id || policy.appId !== null) throw accessNotFound("policy");
  return policy;
}

function appCount(policy: AccessPolicy, store: Store): number {
  return store.applications.where((app) => app.policies.some(({ id }) => id === policy.id)).length;
}

function checkedPolicy(store: Store, accountId: string, body: JsonObject): AccessPolicy["fields"] {
  const written = Object.keys(policyFields);
  const fields = Object.fromEntries(
    Object.entries(body).filter(([key, value]) => written.includes(key) && value !== null),
  ) as AccessPolicy["fields"];
  for (const list of ["include", "require", "exclude"] as const) {
    checkRules(store, accountId, list, (fields[list] as JsonObject[] | undefined) ?? []);
  }
  sessionDuration(store, fields.session_duration as string | undefined);
  return { ...fields, session_duration: fields.session_duration ?? "24h" };
}
