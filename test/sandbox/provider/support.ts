import type { PropertyMap, ProviderImpl, ReadResult } from "../../../packages/provider/host";
import { cloudflarePackage } from "../../../packages/sandbox/provider/cloudflare/package";
import { gcpPackage } from "../../../packages/sandbox/provider/gcp/package";
import { combinePackages } from "../../../packages/sandbox/provider/package-provider";
import { randomPackage } from "../../../packages/sandbox/provider/random/package";
import { type Sandbox, startSandbox } from "../../../packages/sandbox/server/server";

export const accountId = "0123456789abcdef0123456789abcdef";
export const zoneId = "fedcba9876543210fedcba9876543210";

/** One resource, driven as the engine drives it, without an engine. */
export class Driver {
  readonly warnings: string[] = [];

  constructor(
    private readonly provider: ProviderImpl,
    readonly type: string,
  ) {}

  private get context() {
    return {
      urn: `urn:pulumi:dev::project::${this.type}::name`,
      type: this.type,
      name: "name",
      warn: async (message: string) => {
        this.warnings.push(message);
      },
    };
  }

  async refusals(inputs: PropertyMap): Promise<string[]> {
    const { failures = [] } = await this.provider.check({ ...this.context, inputs });
    return failures.map(({ property, reason }) => `${property}: ${reason}`);
  }

  create(inputs: PropertyMap, preview = false): Promise<{ id: string; state: PropertyMap }> {
    return this.provider.create({ ...this.context, inputs, preview });
  }

  /** What a plan would do: `update name`, `replace type`. */
  async plan(state: PropertyMap, inputs: PropertyMap): Promise<string[]> {
    const { changes } = await this.provider.diff(this.transition(state, inputs));
    return changes.map(({ path, replace }) => `${replace ? "replace" : "update"} ${path}`);
  }

  update(state: PropertyMap, inputs: PropertyMap, preview = false): Promise<PropertyMap> {
    return this.provider.update({ ...this.transition(state, inputs), preview });
  }

  read(id: string, state: PropertyMap = {}, inputs: PropertyMap = {}): Promise<ReadResult | undefined> {
    return this.provider.read({ ...this.context, id, state, inputs });
  }

  delete(state: PropertyMap): Promise<void> {
    return this.provider.delete({ ...this.context, id: String(state["id"]), state });
  }

  private transition(state: PropertyMap, inputs: PropertyMap) {
    return { ...this.context, id: String(state["id"]), oldInputs: {}, state, inputs, ignoreChanges: [] };
  }
}

/** The type of a package's resource, by the name of its class. */
export const typeOf = (pack: string, name: string): string =>
  `${pack}:index/${name.charAt(0).toLowerCase()}${name.slice(1)}:${name}`;

/** The same of Cloudflare's. */
export const cloudflareType = (name: string): string => typeOf("cloudflare", name);

/** A sandbox and its provider, with short waits between tries. */
export class ProviderRig {
  private constructor(
    readonly sandbox: Sandbox,
    readonly provider: ProviderImpl,
  ) {}

  static async open(): Promise<ProviderRig> {
    const sandbox = await startSandbox({ rateLimit: false });
    const retry = { delayMs: 1 };
    const packages = {
      cloudflare: cloudflarePackage({ baseUrl: sandbox.apiUrl, apiToken: sandbox.tokens.up }, retry),
      random: randomPackage,
      gcp: gcpPackage(sandbox.gcpUrl, retry),
    };
    return new ProviderRig(sandbox, combinePackages(packages, "0.0.0"));
  }

  driver(type: string): Driver {
    return new Driver(this.provider, type);
  }

  /** Method and last part of the path of each request since `from`. */
  sent(from = 0): string[] {
    return this.sandbox.requests.slice(from).map(({ method, path }) => `${method} ${path.split("/").at(-1)}`);
  }
}
