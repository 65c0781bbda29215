import { randomBytes } from "node:crypto";
import type { Context } from "hono";
import type { AccessApplication, AccessPolicy } from "../account/entities";
import { newUuid, secondsTime } from "../account/ids";
import type { Store } from "../account/store";
import { applicationBody } from "./application-body";
import { applicationFields, publicUris } from "./application-checks";
import { expandPolicies, resolvePolicies } from "./application-policies";
import { guard } from "./auth";
import { readBody } from "./body";
import type { Register, SandboxEnv } from "./context";
import { accessInvalid, accessNotFound, ok, page } from "./envelope";
import { renderPolicy } from "./policies";
import { booleanQuery, knownQuery } from "./query";

const DOCS = "zero_trust/subresources/access/subresources/applications/";
const PERMISSION = "Access: Apps and Policies";

/** /accounts/{account}/access/apps, with reading of an application's own policies. */
export const applications: Register = (app, store) => {
  const path = "/accounts/:account/access/apps";
  const reading = (docs: string) =>
    guard(store, { permission: `${PERMISSION} Read`, docs: DOCS + docs, access: true });
  const writing = (docs: string) =>
    guard(store, { permission: `${PERMISSION} Write`, docs: DOCS + docs, access: true });

  app.get(path, reading("methods/list"), (c) => {
    knownQuery(c, ["name", "domain", "aud", "search", "exact"]);
    return page(
      c,
      filtered(c, store).map((application) => render(application, store)),
      1000,
    );
  });

  app.get(`${path}/:id`, reading("methods/get"), (c) => ok(c, render(known(c, store), store)));

  app.post(path, writing("methods/create"), async (c) => {
    const body = await readBody(c, applicationBody, accessInvalid);
    const accountId = c.get("account").id;
    const id = newUuid();
    const fields = applicationFields(store, accountId, body);
    const { links, made } = resolvePolicies(store, accountId, id, body.policies ?? []);
    const now = secondsTime(store.now());
    for (const policy of made) store.policies.put(policy);
    const application: AccessApplication = {
      id,
      accountId,
      aud: randomBytes(32).toString("hex"),
      policies: links,
      fields,
      createdAt: now,
      updatedAt: now,
    };
    return ok(c, render(store.applications.put(application), store), { status: 201 });
  });

  // A PUT replaces the whole: what it leaves out goes back to its default, policies included.
  app.put(`${path}/:id`, writing("methods/update"), async (c) => {
    const application = known(c, store);
    const body = await readBody(c, applicationBody, accessInvalid);
    const fields = applicationFields(store, application.accountId, body, application);
    const { links, made } = resolvePolicies(
      store,
      application.accountId,
      application.id,
      body.policies ?? [],
    );
    for (const policy of made) store.policies.put(policy);
    const kept = new Set(links.map(({ id }) => id));
    for (const policy of ownPolicies(application, store)) {
      if (!kept.has(policy.id)) store.policies.remove(policy.id);
    }
    const updated = { ...application, fields, policies: links, updatedAt: secondsTime(store.now()) };
    return ok(c, render(store.applications.put(updated), store));
  });

  app.delete(`${path}/:id`, writing("methods/delete"), (c) => {
    const application = known(c, store);
    for (const policy of ownPolicies(application, store)) store.policies.remove(policy.id);
    store.applications.remove(application.id);
    return ok(c, { id: application.id }, { status: 202 });
  });

  app.get(`${path}/:id/policies`, reading("subresources/policies/methods/list"), (c) => {
    knownQuery(c, []);
    return page(c, expandPolicies(store, known(c, store).policies), 100);
  });

  app.get(`${path}/:id/policies/:policy`, reading("subresources/policies/methods/get"), (c) => {
    const found = expandPolicies(store, known(c, store).policies).find(
      ({ id }) => id === c.req.param("policy"),
    );
    if (!found) throw accessNotFound("policy");
    return ok(c, found);
  });

  app.put(
    `${path}/:id/policies/:policy/make_reusable`,
    writing("subresources/policies/methods/update"),
    (c) => {
      const application = known(c, store);
      const policy = store.policies.get(c.req.param("policy"));
      if (policy?.appId !== application.id) throw accessNotFound("policy");
      const reusable: AccessPolicy = { ...policy, appId: null, updatedAt: secondsTime(store.now()) };
      return ok(c, renderPolicy(store.policies.put(reusable), store));
    },
  );
};

function known(c: Context<SandboxEnv>, store: Store): AccessApplication {
  const application = store.applications.get(c.req.param("id") ?? "");
  if (application?.accountId !== c.get("account").id) throw accessNotFound("application");
  return application;
}

function ownPolicies(application: AccessApplication, store: Store): AccessPolicy[] {
  return store.policies.where(({ appId }) => appId === application.id);
}

function filtered(c: Context<SandboxEnv>, store: Store): AccessApplication[] {
  const { name, domain, aud, search } = c.req.query();
  const exact = booleanQuery(c, "exact") ?? false;
  const same = (value: string, wanted: string) => (exact ? value === wanted : value.includes(wanted));
  return store.applications.where((application) => {
    const uris = publicUris(application.fields.destinations);
    const text = [application.fields.name ?? "", ...uris];
    return (
      application.accountId === c.get("account").id &&
      (name === undefined || same(application.fields.name ?? "", name)) &&
      (domain === undefined || uris.some((uri) => same(uri, domain))) &&
      (aud === undefined || application.aud === aud) &&
      (search === undefined || text.some((value) => value.toLowerCase().includes(search.toLowerCase())))
    );
  });
}

const render = (application: AccessApplication, store: Store) => ({
  id: application.id,
  uid: application.id,
  aud: application.aud,
  ...application.fields,
  policies: expandPolicies(store, application.policies),
  created_at: application.createdAt,
  updated_at: application.updatedAt,
});
