import {
  type CheckResult,
  type ConfigureRequest,
  type InvokeRequest,
  type PropertyMap,
  type ProviderImpl,
  packageOf,
} from "../../provider/host";
import { type Kind, KindRunner, type PlanForm } from "./kind";

/** One package: its resource types and functions. */
export interface PackageParts {
  kinds: Kind[];
  /** How its plans are told; default by paths. */
  planForm?: PlanForm;
  /** Functions by token. */
  functions?: Record<string, (args: PropertyMap) => Promise<PropertyMap>>;
  /** Takes the provider's config. */
  configure?(args: PropertyMap): void;
}

/** A provider of one or more packages, told apart by the tokens of their types and functions. */
export function combinePackages(packages: Record<string, PackageParts>, version: string): ProviderImpl {
  const runners = new Map(
    Object.values(packages).flatMap(({ kinds, planForm }) =>
      kinds.map((kind) => [kind.type, new KindRunner(kind, planForm)] as const),
    ),
  );
  const runner = (type: string): KindRunner => {
    const found = runners.get(type);
    if (found === undefined) {
      const served = [...runners.keys()].filter((known) => packageOf(known) === packageOf(type));
      throw new Error(
        `the sandbox does not serve ${type}; it serves ${served.join(", ") || "nothing of it"}`,
      );
    }
    return found;
  };

  return {
    version,
    async checkConfig(inputs): Promise<CheckResult> {
      return { inputs };
    },
    async configure(request: ConfigureRequest) {
      if (request.package !== undefined) packages[request.package]?.configure?.(request.args);
    },
    check: async (request) => runner(request.type).check(request),
    diff: async (request) => runner(request.type).diff(request),
    create: async (request) => runner(request.type).create(request),
    read: async (request) => runner(request.type).read(request),
    update: async (request) => runner(request.type).update(request),
    delete: async (request) => runner(request.type).delete(request),
    async invoke({ token, args }: InvokeRequest) {
      const known = packages[packageOf(token)]?.functions ?? {};
      const run = Object.hasOwn(known, token) ? known[token] : undefined;
      if (run === undefined) {
        throw new Error(`the sandbox does not serve ${token}; it serves ${Object.keys(known).join(", ")}`);
      }
      return { result: await run(args) };
    },
  };
}
