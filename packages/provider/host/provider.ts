import type { ChangeKind } from "./diff";
import type { PropertyMap } from "./values";

/** One reason why inputs are refused; the engine prints it beside the resource. */
export interface CheckFailure {
  /** Path of the property, or "" when it is about the resource as a whole. */
  property: string;
  reason: string;
}

export interface CheckResult {
  /** The inputs to go on with, usually those given. */
  inputs: PropertyMap;
  failures?: CheckFailure[];
}

/** What an update of the resource would do. No changes: the resource is left alone. */
export interface DiffResult {
  changes: { path: string; kind: ChangeKind; replace?: boolean }[];
  /** Top-level outputs that the update decides anew; a plan names them beside the changes. */
  renewed?: string[];
  /** False: the plan names what changes by its top-level names alone, without paths. Default true. */
  detailed?: boolean;
  /** Delete the old object before the new one is made; default false. */
  deleteBeforeReplace?: boolean;
}

/** What each call about one resource brings along. */
export interface ResourceContext {
  urn: string;
  /** Type token, e.g. `cloudflare:index/dnsRecord:DnsRecord`. */
  type: string;
  /** Logical name in the program. */
  name: string;
  /** Shows a warning beside the resource. */
  warn(message: string): Promise<void>;
}

export interface ConfigureRequest {
  /** Package that is being configured, when the engine says so. */
  package?: string;
  /** Provider config, e.g. `apiToken`. */
  args: PropertyMap;
}

export interface CheckRequest extends ResourceContext {
  /** Inputs as last checked; undefined when the resource is new. */
  oldInputs?: PropertyMap;
  inputs: PropertyMap;
}

export interface DiffRequest extends ResourceContext {
  id: string;
  oldInputs: PropertyMap;
  /** State as it is now. */
  state: PropertyMap;
  inputs: PropertyMap;
  ignoreChanges: string[];
}

export interface CreateRequest extends ResourceContext {
  inputs: PropertyMap;
  /** True: change nothing, answer with what can be known. */
  preview: boolean;
}

export interface ReadRequest extends ResourceContext {
  id: string;
  /** State as last seen; empty on import. */
  state: PropertyMap;
  /** Inputs as last checked; empty on import. */
  inputs: PropertyMap;
}

export interface UpdateRequest extends DiffRequest {
  preview: boolean;
}

export interface DeleteRequest extends ResourceContext {
  id: string;
  state: PropertyMap;
}

export interface InvokeRequest {
  token: string;
  args: PropertyMap;
}

/** What was read: the object as it is, and the inputs that would describe it. */
export interface ReadResult {
  id: string;
  state: PropertyMap;
  inputs: PropertyMap;
}

/**
 * A provider as `serveProvider` runs it. Each method may throw; the message reaches the user, so it
 * must hold no secret. `PartialFailure` tells that an object exists all the same.
 */
export interface ProviderImpl {
  /** Version reported to the engine. */
  readonly version: string;
  /** The package's schema as JSON; only code generators ask for it. */
  getSchema?(): string;
  /** Provider config; default: accepted as it is. */
  checkConfig?(inputs: PropertyMap): Promise<CheckResult>;
  configure?(request: ConfigureRequest): Promise<void>;
  check(request: CheckRequest): Promise<CheckResult>;
  diff(request: DiffRequest): Promise<DiffResult>;
  /** In a preview the id does not matter. */
  create(request: CreateRequest): Promise<{ id: string; state: PropertyMap }>;
  /** Undefined when the object is gone. */
  read(request: ReadRequest): Promise<ReadResult | undefined>;
  update(request: UpdateRequest): Promise<PropertyMap>;
  delete(request: DeleteRequest): Promise<void>;
  invoke?(request: InvokeRequest): Promise<{ result: PropertyMap; failures?: CheckFailure[] }>;
  /** The engine asks to stop what is under way. */
  cancel?(): void;
}

/** The object exists, yet not in the shape that was asked for: the engine keeps it in state and fails. */
export class PartialFailure extends Error {
  override readonly name = "PartialFailure";

  constructor(
    readonly id: string,
    readonly state: PropertyMap,
    readonly inputs: PropertyMap,
    /** What went wrong, for the user. */
    readonly reason: string,
  ) {
    super(reason);
  }
}
