import { randomUUID } from "node:crypto";
import {
  changesBetween,
  type ProviderImpl,
  type ServedProvider,
  serveProvider,
  UNKNOWN,
} from "../../../packages/provider/host";
import { cloudflarePackage } from "../../../packages/sandbox/provider/cloudflare/package";
import { gcpPackage } from "../../../packages/sandbox/provider/gcp/package";
import { combinePackages, type PackageParts } from "../../../packages/sandbox/provider/package-provider";

/** The sandbox's providers, and beside what the sandbox serves every other kind, which takes what it is given. */
export class AnyKind {
  private constructor(private readonly served: { name: string; server: ServedProvider }[]) {}

  static async open(urls: { apiUrl: string; apiToken: string; gcpUrl: string }): Promise<AnyKind> {
    const packages: Record<string, PackageParts> = {
      cloudflare: cloudflarePackage({ baseUrl: urls.apiUrl, apiToken: urls.apiToken }),
      gcp: gcpPackage(urls.gcpUrl),
      "pulumi-nodejs": { kinds: [] },
    };
    const served = await Promise.all(
      Object.entries(packages).map(async ([name, parts]) => {
        const provider = taking(combinePackages({ [name]: parts }, versionOf(name)), parts);
        return { name, server: await serveProvider(provider, { port: 0 }) };
      }),
    );
    return new AnyKind(served);
  }

  /** PULUMI_DEBUG_PROVIDERS with these in the sandbox's place. */
  attached(debugProviders: string): string {
    const ours = this.served.map(({ name, server }) => `${name}:${server.port}`);
    const names = new Set(this.served.map(({ name }) => name));
    const others = debugProviders.split(",").filter((each) => !names.has(each.split(":")[0] ?? ""));
    return [...ours, ...others].join(",");
  }

  async close(): Promise<void> {
    await Promise.all(this.served.map(({ server }) => server.close()));
  }
}

function taking(provider: ProviderImpl, { kinds }: PackageParts): ProviderImpl {
  const isServed = ({ type }: { type: string }) => kinds.some((kind) => kind.type === type);
  return {
    ...provider,
    check: async (request) => (isServed(request) ? provider.check(request) : { inputs: request.inputs }),
    diff: async (request) =>
      isServed(request)
        ? provider.diff(request)
        : { changes: changesBetween(request.oldInputs, request.inputs) },
    create: async (request) => {
      if (isServed(request)) return provider.create(request);
      if (request.preview) return { id: "", state: { ...request.inputs, id: UNKNOWN } };
      const id = randomUUID();
      return { id, state: { ...request.inputs, id } };
    },
    read: async (request) =>
      isServed(request) ? provider.read(request) : { id: request.id, state: request.state, inputs: {} },
    update: async (request) => (isServed(request) ? provider.update(request) : request.inputs),
    delete: async (request) => {
      if (isServed(request)) await provider.delete(request);
    },
  };
}

/** The engine compares it with the version of the SDK. */
function versionOf(name: string): string {
  const path = name === "pulumi-nodejs" ? "@pulumi/pulumi" : `@pulumi/${name}`;
  return (require(`${path}/package.json`) as { version: string }).version;
}
