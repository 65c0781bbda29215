import {
  isMap,
  type PropertyMap,
  type PropertyValue,
  reveal,
  Secret,
  secretStrings,
  unwrap,
} from "../../../provider/host";
import { count, flag, freeMap, object, text } from "../fields";
import { unlessGone } from "../http-error";
import type { Kind } from "../kind";
import type { PackageParts } from "../package-provider";
import { type RetryPolicy, withRetries } from "../retry";
import { GoogleApi, type Json, type JsonObject } from "./api";

const replace = true;
const project = text({ replace, setBy: "either" });
const deletionPolicy = text();

/**
 * The package `gcp`, as far as the stack uses it: services, and secrets with versions and readers.
 * @param baseUrl of the sandbox's Google endpoints, before `/v1`
 */
export function gcpPackage(baseUrl: string | undefined, retry?: RetryPolicy): PackageParts {
  const api = new GoogleApi(baseUrl, retry);
  const config: { project?: string } = {};
  const projectOf = (properties: PropertyMap): string => {
    const found = reveal(properties.project ?? null) ?? config.project;
    if (typeof found === "string" && found !== "") return found;
    throw new Error(
      "no Google Cloud project\n  → give the resource a project, or: pulumi config set gcp:project <id>",
    );
  };
  return {
    kinds: [
      serviceKind(api, projectOf),
      secretKind(api, projectOf),
      secretVersionKind(api),
      secretReaderKind(api, projectOf, retry),
    ],
    functions: {
      /** The secrets of a project, without their values. */
      async "gcp:secretmanager/getSecrets:getSecrets"(args) {
        const owner = projectOf(args);
        const path = `/v1/projects/${owner}/secrets`;
        const secrets: PropertyMap[] = [];
        let page = "";
        do {
          const shown = await api.call("GET", `${path}?pageToken=${encodeURIComponent(page)}`);
          for (const secret of Array.isArray(shown.secrets) ? shown.secrets : []) {
            const name = shownText((secret as JsonObject).name);
            secrets.push({ name, project: owner, secretId: name.split("/").at(-1) ?? "" });
          }
          page = typeof shown.nextPageToken === "string" ? shown.nextPageToken : "";
        } while (page !== "");
        return { id: path.slice("/v1/".length), project: owner, secrets };
      },
    },
    configure(args) {
      const given = reveal(args.project ?? null);
      if (typeof given === "string") config.project = given;
    },
  };
}

type ProjectOf = (properties: PropertyMap) => string;

/** An API that is switched on for a project. */
function serviceKind(api: GoogleApi, projectOf: ProjectOf): Kind {
  return {
    type: "gcp:projects/service:Service",
    fields: {
      checkIfServiceHasUsageOnDestroy: flag(),
      deletionPolicy,
      disableDependentServices: flag(),
      disableOnDestroy: flag({ default: true }),
      project,
      service: text({ required: true, replace }),
    },
    async create(plan) {
      const owner = projectOf(plan);
      const name = word(plan.service);
      await api.call("POST", `/v1/projects/${owner}/services/${name}:enable`, {});
      return { id: `${owner}/${name}`, outputs: { project: owner } };
    },
    async read(id, state) {
      const [owner, name] = id.split("/");
      const found = await unlessGone(api.call("GET", `/v1/projects/${owner}/services/${name}`));
      if (found?.state !== "ENABLED") return undefined;
      return { id, state: { disableOnDestroy: true, ...state, project: owner ?? "", service: name ?? "" } };
    },
    async update() {
      // The options only say what a removal does.
      return {};
    },
    async delete(id, state) {
      if (reveal(state.disableOnDestroy ?? true) === false || keepsObject(state)) return;
      const [owner, name] = id.split("/");
      const body = { disableDependentServices: reveal(state.disableDependentServices ?? false) === true };
      await unlessGone(api.call("POST", `/v1/projects/${owner}/services/${name}:disable`, body));
    },
  };
}

/** A secret of Secret Manager, without its values. */
function secretKind(api: GoogleApi, projectOf: ProjectOf): Kind {
  const body = (plan: PropertyMap): JsonObject => ({
    labels: json(plan.labels ?? {}),
    annotations: json(plan.annotations ?? {}),
    replication: replicationBody(plan.replication),
    ...(plan.ttl !== undefined && { ttl: json(plan.ttl) }),
    ...(plan.expireTime !== undefined && { expireTime: json(plan.expireTime) }),
  });
  const outputs = (shown: JsonObject, owner: string, plan: PropertyMap): PropertyMap => ({
    project: owner,
    name: shownText(shown.name),
    createTime: shownText(shown.createTime),
    effectiveLabels: plan.labels ?? {},
    effectiveAnnotations: plan.annotations ?? {},
    pulumiLabels: plan.labels ?? {},
  });
  return {
    type: "gcp:secretmanager/secret:Secret",
    fields: {
      annotations: freeMap(),
      deletionPolicy,
      deletionProtection: flag(),
      expireTime: text({ setBy: "either" }),
      labels: freeMap(),
      project,
      replication: object(
        {
          auto: object({ customerManagedEncryption: object({ kmsKeyName: text({ required: true }) }) }),
          userManaged: freeMap(),
        },
        { required: true, replace },
      ),
      secretId: text({ required: true, replace }),
      ttl: text(),
      createTime: text({ setBy: "server" }),
      effectiveAnnotations: freeMap({ setBy: "server" }),
      effectiveLabels: freeMap({ setBy: "server", secret: true }),
      name: text({ setBy: "server" }),
      pulumiLabels: freeMap({ setBy: "server", secret: true }),
    },
    async create(plan) {
      const owner = projectOf(plan);
      const path = `/v1/projects/${owner}/secrets`;
      const shown = await api.call(
        "POST",
        `${path}?secretId=${encodeURIComponent(word(plan.secretId))}`,
        body(plan),
      );
      return {
        id: `projects/${owner}/secrets/${word(plan.secretId)}`,
        outputs: outputs(shown, owner, plan),
      };
    },
    async read(id, state) {
      const shown = await unlessGone(api.call("GET", `/v1/${id}`));
      if (shown === undefined) return undefined;
      const [, owner = "", , secretId = ""] = id.split("/");
      const plan: PropertyMap = { ...state, secretId, project: owner };
      for (const name of ["labels", "annotations"]) {
        const value = shown[name];
        if (isFilled(value) || state[name] !== undefined) plan[name] = (value ?? {}) as PropertyValue;
      }
      plan.replication ??= { auto: {} };
      return { id, state: { ...plan, ...outputs(shown, owner, plan) } };
    },
    async update({ id, plan, state }) {
      const mask = ["labels", "annotations", ...(plan.ttl !== undefined ? ["ttl"] : [])].join(",");
      const { replication, ...rest } = body(plan);
      const shown = await api.call("PATCH", `/v1/${id}?updateMask=${mask}`, rest);
      return outputs(shown, word(state.project), plan);
    },
    async delete(id, state) {
      if (reveal(state.deletionProtection ?? false) === true) {
        throw new Error(`${id} is protected\n  → set deletionProtection to false and run up first`);
      }
      if (!keepsObject(state)) await unlessGone(api.call("DELETE", `/v1/${id}`));
    },
  };
}

/** One value of a secret. */
function secretVersionKind(api: GoogleApi): Kind {
  return {
    type: "gcp:secretmanager/secretVersion:SecretVersion",
    fields: {
      deletionPolicy: text({ default: "DELETE" }),
      enabled: flag({ default: true }),
      isSecretDataBase64: flag({ default: false, replace }),
      secret: text({ required: true, replace }),
      secretData: text({ secret: true, replace }),
      secretDataWo: text({ secret: true }),
      secretDataWoVersion: count({ replace }),
      createTime: text({ setBy: "server" }),
      destroyTime: text({ setBy: "server" }),
      name: text({ setBy: "server" }),
      version: text({ setBy: "server" }),
    },
    check: (inputs) =>
      (inputs.secretData ?? inputs.secretDataWo ?? null) === null
        ? [{ property: "secretData", reason: "is required, or else secretDataWo" }]
        : [],
    async create(plan) {
      const value = word(plan.secretData ?? plan.secretDataWo);
      const data =
        reveal(plan.isSecretDataBase64 ?? false) === true ? value : Buffer.from(value).toString("base64");
      const secret = word(plan.secret);
      const shown = await api.call("POST", `/v1/${secret}:addVersion`, { payload: { data } }, [value, data]);
      const name = shownText(shown.name);
      if (reveal(plan.enabled ?? true) === false) await api.call("POST", `/v1/${name}:disable`, {});
      return {
        id: name,
        outputs: {
          name,
          createTime: shownText(shown.createTime),
          destroyTime: "",
          version: name.split("/").at(-1) ?? "",
        },
      };
    },
    async read(id, state) {
      const shown = await unlessGone(api.call("GET", `/v1/${id}`));
      if (shown === undefined || shown.state === "DESTROYED") return undefined;
      const read: PropertyMap = {
        deletionPolicy: "DELETE",
        isSecretDataBase64: false,
        ...state,
        enabled: shown.state === "ENABLED",
        secret: id.split("/versions/")[0] ?? "",
        name: id,
        version: id.split("/").at(-1) ?? "",
        createTime: shownText(shown.createTime),
      };
      if (shown.state === "ENABLED" && state.secretDataWo === undefined) {
        const { payload } = await api.call("GET", `/v1/${id}:access`);
        const data =
          typeof payload === "object" && payload !== null && !Array.isArray(payload) ? payload.data : null;
        const raw = shownText(data ?? null);
        const base64 = reveal(read.isSecretDataBase64 ?? false) === true;
        read.secretData = new Secret(base64 ? raw : Buffer.from(raw, "base64").toString());
      }
      return { id, state: read };
    },
    async update({ id, plan, state }) {
      const enabled = reveal(plan.enabled ?? true) === true;
      if (enabled !== (reveal(state.enabled ?? true) === true)) {
        await api.call("POST", `/v1/${id}:${enabled ? "enable" : "disable"}`, {}, secretStrings(state));
      }
      return {};
    },
    async delete(id, state) {
      const policy = reveal(state.deletionPolicy ?? "DELETE");
      if (policy === "ABANDON") return;
      await unlessGone(api.call("POST", `/v1/${id}:${policy === "DISABLE" ? "disable" : "destroy"}`, {}));
    },
  };
}

/** One member who holds one role on a secret. */
function secretReaderKind(api: GoogleApi, projectOf: ProjectOf, retry?: RetryPolicy): Kind {
  const parts = (plan: PropertyMap, owner: string) => {
    const given = word(plan.secretId);
    const secret = given.startsWith("projects/") ? given : `projects/${owner}/secrets/${given}`;
    return { secret, role: word(plan.role), member: word(plan.member) };
  };
  const policyOf = async (secret: string) => {
    const policy = await api.call("GET", `/v1/${secret}:getIamPolicy`);
    const bindings = (Array.isArray(policy.bindings) ? policy.bindings : []) as unknown as Binding[];
    return { policy, bindings };
  };
  const write = (secret: string, policy: JsonObject, bindings: Binding[]) =>
    api.call("POST", `/v1/${secret}:setIamPolicy`, {
      policy: {
        ...policy,
        bindings: bindings.filter(({ members }) => members.length > 0) as unknown as Json,
      },
    });
  const busy = new Map<string, Promise<unknown>>();
  /**
   * Reads a secret's policy and writes it changed, as the real provider does: one change at a time, and anew when the
   * etag is no longer right, because of somebody else or of a write of its own whose answer was lost.
   */
  const change = (secret: string, alter: (bindings: Binding[]) => Binding[]): Promise<JsonObject> => {
    const once = async () => {
      const { policy, bindings } = await policyOf(secret);
      return write(secret, policy, alter(bindings));
    };
    const turn = (busy.get(secret) ?? Promise.resolve()).then(() =>
      withRetries(
        once,
        () => undefined,
        retry,
        (status) => status === 409,
      ),
    );
    busy.set(
      secret,
      turn.catch(() => undefined),
    );
    return turn;
  };
  return {
    type: "gcp:secretmanager/secretIamMember:SecretIamMember",
    fields: {
      member: text({ required: true, replace }),
      project,
      role: text({ required: true, replace }),
      secretId: text({ required: true, replace }),
      etag: text({ setBy: "server" }),
    },
    async create(plan) {
      const { secret, role, member } = parts(plan, projectOf(plan));
      const written = await change(secret, (bindings) => {
        const others = bindings.filter((binding) => binding.role !== role || binding.condition !== undefined);
        const mine = bindings.find((binding) => binding.role === role && binding.condition === undefined);
        return [...others, { role, members: [...new Set([...(mine?.members ?? []), member])] }];
      });
      return {
        id: `${secret}/${role}/${member}`,
        outputs: { project: secret.split("/")[1] ?? "", etag: shownText(written.etag) },
      };
    },
    async read(id, state) {
      const [, secret, role, member] =
        /^(projects\/[^/]+\/secrets\/[^/]+)[/ ](roles\/[^/ ]+)[/ ](.+)$/.exec(id) ?? [];
      if (secret === undefined || role === undefined || member === undefined) {
        throw new Error(
          `"${id}" does not import a reader\n  → give the id as projects/<p>/secrets/<s>/<role>/<member>`,
        );
      }
      const found = await unlessGone(policyOf(secret));
      if (!found?.bindings.some((binding) => binding.role === role && binding.members.includes(member))) {
        return undefined;
      }
      const etag = shownText(found.policy.etag);
      return {
        id: `${secret}/${role}/${member}`,
        state: { secretId: secret, project: secret.split("/")[1] ?? "", ...state, role, member, etag },
      };
    },
    async update() {
      return {};
    },
    async delete(_, state) {
      const { secret, role, member } = parts(state, word(state.project));
      const taken = change(secret, (bindings) =>
        bindings.map((binding) =>
          binding.role === role
            ? { ...binding, members: binding.members.filter((other) => other !== member) }
            : binding,
        ),
      );
      await unlessGone(taken);
    },
  };
}

interface Binding {
  role: string;
  members: string[];
  condition?: Json;
}

/** `ABANDON` leaves the object where it is when the resource goes. */
function keepsObject(state: PropertyMap): boolean {
  return reveal(state.deletionPolicy ?? null) === "ABANDON";
}

function replicationBody(replication: PropertyValue | undefined): Json {
  const value = replication === undefined ? {} : unwrap(replication);
  if (!isMap(value)) return {};
  return value.userManaged === undefined ? { automatic: {} } : { userManaged: json(value.userManaged) };
}

function json(value: PropertyValue): Json {
  return reveal(value) as Json;
}

function isFilled(value: Json | undefined): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}

function word(value: PropertyValue | undefined): string {
  const inner = reveal(value ?? null);
  if (typeof inner !== "string" || inner === "") throw new Error("a required text is missing or empty");
  return inner;
}

function shownText(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
