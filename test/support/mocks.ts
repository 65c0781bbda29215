import * as pulumi from "@pulumi/pulumi";

/** One resource as the program registered it. */
export interface Registered {
  urn: string;
  type: string;
  name: string;
  /** URN of the parent, or an empty string. */
  parent: string;
  custom: boolean;
  /** Inputs with every secret value replaced by `SECRET` and every unknown one by `UNKNOWN`. */
  inputs: Record<string, unknown>;
  /** Inputs as plain values. */
  plain: Record<string, unknown>;
  /** URNs of everything it waits for, by reference or by `dependsOn`. */
  dependencies: string[];
  protect: boolean;
  retainOnDelete: boolean;
}

/** Stands for a value that is marked secret. */
export const SECRET = "<secret>";
/** Stands for a value that a preview does not know. */
export const UNKNOWN = "<unknown>";

/** What a run under mocks has seen so far. */
export interface Recorder {
  resources: Registered[];
  /** The one resource of a type and name; throws when there is none. */
  resource(type: string, name: string): Registered;
  /** Waits until every registration has been answered; fails when the program failed. */
  settled(): Promise<void>;
}

interface Request {
  getType(): string;
  getName(): string;
  getParent(): string;
  getCustom(): boolean;
  getObject(): { toJavaScript(): Record<string, unknown> };
  getDependenciesList(): string[];
  getPropertydependenciesMap(): { forEach(visit: (value: { getUrnsList(): string[] }) => void): void };
  getProtect(): boolean;
  getRetainondelete(): boolean;
}

interface Monitor {
  registerResource(request: Request, done: (error: Error | null, answer?: Answer) => void): Promise<void>;
}

interface Answer {
  getUrn(): string;
}

/** What the providers would compute, by the last part of the type. */
export const COMPUTED_BY_MOCKS = {
  ZeroTrustAccessApplication: (name: string) => ({ aud: `aud-of-${name}` }),
  ZeroTrustAccessServiceToken: (name: string) => ({
    clientId: `${name}.access`,
    clientSecret: `client-secret-of-${name}`,
    expiresAt: "2027-11-23T00:00:00Z",
  }),
  RandomBytes: (_: string) => ({ base64: Buffer.alloc(32, 7).toString("base64"), hex: "07".repeat(32) }),
};

/**
 * Starts a run of components or of the whole program without an engine. What it registers is recorded from the
 * wire, since the SDK's own mocks are not told parents, dependencies and options.
 * @param mode in `preview` whatever a provider computes is unknown, ids included
 */
export async function startMocks(mode: "preview" | "update", stack = "dev"): Promise<Recorder> {
  const resources: Registered[] = [];
  const failures: Error[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource({ type, name, inputs, custom }) {
        const kind = type.split(":").at(-1) ?? "";
        if (custom === false || mode === "preview") return { id: undefined, state: inputs };
        const values =
          kind in COMPUTED_BY_MOCKS ? COMPUTED_BY_MOCKS[kind as keyof typeof COMPUTED_BY_MOCKS](name) : {};
        return { id: `id-of-${kind}-${name}`, state: { ...inputs, ...values } };
      },
      call({ token }) {
        // A stack that has never run.
        if (token === "pulumi:pulumi:readStackResourceOutputs") return { outputs: {} };
        throw new Error(`the program called ${token}, which it should not need`);
      },
    },
    "comfyui-access",
    stack,
    mode === "preview",
    "organization",
  );
  const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, done) =>
    register(request, (error, answer) => {
      if (error) failures.push(error);
      if (answer) resources.push(describe(request, answer.getUrn()));
      done(error, answer);
    });
  return {
    resources,
    resource(type, name) {
      const found = resources.find((each) => each.type.endsWith(`:${type}`) && each.name === name);
      if (!found) throw new Error(`no ${type} ${name} among ${resources.map((each) => each.urn).join(", ")}`);
      return found;
    },
    async settled() {
      await pulumi.runtime.disconnect();
      if (failures[0]) throw failures[0];
    },
  };
}

/** The value of an output, or `UNKNOWN`, in which case no `apply` would ever run. */
export async function knownValue<T>(output: pulumi.Output<T>): Promise<T | typeof UNKNOWN> {
  const { isKnown, promise } = output as unknown as { isKnown: Promise<boolean>; promise(): Promise<T> };
  return (await isKnown) ? promise.call(output) : UNKNOWN;
}

function describe(request: Request, urn: string): Registered {
  const wire = request.getObject().toJavaScript();
  const dependencies = new Set(request.getDependenciesList());
  request.getPropertydependenciesMap().forEach((urns) => {
    for (const each of urns.getUrnsList()) dependencies.add(each);
  });
  return {
    urn,
    type: request.getType(),
    name: request.getName(),
    parent: request.getParent(),
    custom: request.getCustom(),
    inputs: unwrap(wire, () => SECRET) as Record<string, unknown>,
    plain: unwrap(wire, (value) => value) as Record<string, unknown>,
    dependencies: [...dependencies].sort(),
    protect: request.getProtect(),
    retainOnDelete: request.getRetainondelete(),
  };
}

/** How the wire marks special values, and a secret among them (sdk/nodejs/runtime/rpc.ts). */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";
const UNKNOWN_VALUE = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

function unwrap(value: unknown, secret: (value: unknown) => unknown): unknown {
  if (value === UNKNOWN_VALUE) return UNKNOWN;
  if (Array.isArray(value)) return value.map((each) => unwrap(each, secret));
  if (typeof value !== "object" || value === null) return value;
  const entries = value as Record<string, unknown>;
  if (entries[SIGNATURE] === SECRET_SIGNATURE) return secret(unwrap(entries.value, secret));
  return Object.fromEntries(Object.entries(entries).map(([key, each]) => [key, unwrap(each, secret)]));
}
