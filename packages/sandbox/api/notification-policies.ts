import type { Context } from "hono";
import { z } from "zod";
import type { NotificationPolicy } from "../account/entities";
import { microsecondsTime, newHex32 } from "../account/ids";
import type { Store } from "../account/store";
import { guard } from "./auth";
import { plainRefusal, readBody } from "./body";
import type { Register, SandboxEnv } from "./context";
import { ok, page, VendorError } from "./envelope";
import { knownQuery } from "./query";

const DOCS = "alerting/subresources/policies/methods/";

const targets = z.array(z.strictObject({ id: z.string().min(1) }));
export const policyBody = z.strictObject({
  name: z.string().min(1),
  alert_type: z.string().min(1),
  enabled: z.boolean(),
  mechanisms: z.strictObject({
    email: targets.nullish(),
    pagerduty: targets.nullish(),
    webhooks: targets.nullish(),
  }),
  alert_interval: z.string().nullish(),
  description: z.string().nullish(),
  filters: z.record(z.string(), z.array(z.string()).nullish()).nullish(),
  // Read-only fields of a GET, ignored.
  id: z.string().optional(),
  created: z.string().optional(),
  modified: z.string().optional(),
});

/** /accounts/{account}/alerting/v3/policies; writes answer the id alone. */
export const notificationPolicies: Register = (app, store) => {
  const path = "/accounts/:account/alerting/v3/policies";
  const reading = (method: string) => guard(store, { permission: "Notifications Read", docs: DOCS + method });
  const writing = (method: string) =>
    guard(store, { permission: "Notifications Write", docs: DOCS + method });

  app.get(path, reading("list"), (c) => {
    knownQuery(c, []);
    const list = store.notificationPolicies.where(({ accountId }) => accountId === c.get("account").id);
    return page(c, list.map(render), 1000);
  });

  app.get(`${path}/:id`, reading("get"), (c) => ok(c, render(known(c, store))));

  app.post(path, writing("create"), async (c) => {
    const fields = fieldsOf(await readBody(c, policyBody, plainRefusal));
    const now = microsecondsTime(store.now());
    const policy = store.notificationPolicies.put({
      id: newHex32(),
      accountId: c.get("account").id,
      fields,
      createdAt: now,
      updatedAt: now,
    });
    return ok(c, { id: policy.id });
  });

  app.put(`${path}/:id`, writing("update"), async (c) => {
    const policy = known(c, store);
    const fields = fieldsOf(await readBody(c, policyBody, plainRefusal));
    store.notificationPolicies.put({ ...policy, fields, updatedAt: microsecondsTime(store.now()) });
    return ok(c, { id: policy.id });
  });

  app.delete(`${path}/:id`, writing("delete"), (c) => {
    store.notificationPolicies.remove(known(c, store).id);
    return ok(c, null);
  });
};

function known(c: Context<SandboxEnv>, store: Store): NotificationPolicy {
  const policy = store.notificationPolicies.get(c.req.param("id") ?? "");
  if (policy?.accountId !== c.get("account").id) {
    throw new VendorError(404, { code: 17000, message: "notification policy not found" });
  }
  return policy;
}

function fieldsOf(body: z.infer<typeof policyBody>): NotificationPolicy["fields"] {
  const { id: _, created: __, modified: ___, ...fields } = body;
  const mechanisms = Object.values(fields.mechanisms).flatMap((list) => list ?? []);
  if (mechanisms.length === 0) throw plainRefusal('field "mechanisms": at least one is required');
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null),
  ) as NotificationPolicy["fields"];
}

const render = (policy: NotificationPolicy) => ({
  id: policy.id,
  ...policy.fields,
  created: policy.createdAt,
  modified: policy.updatedAt,
});
