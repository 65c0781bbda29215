import { randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { UserError } from "../../base/errors";
import { isAlive } from "../../base/process/process-alive";
import type {
  AccessApplication,
  AccessPolicy,
  Account,
  ApiToken,
  DnsRecord,
  GcpSecret,
  GcpService,
  IdentityProvider,
  InfisicalIdentity,
  InfisicalProject,
  InfisicalSecret,
  NotificationPolicy,
  Organization,
  ServiceToken,
  Settings,
  TokenUse,
  Tunnel,
  TunnelConfiguration,
  Zone,
} from "./entities";
import { Revocations } from "./revocations";

/** Entities of one kind, by id, in the order they were made. */
export class Collection<T extends { id: string }> {
  readonly #items: Map<string, T>;

  constructor(items: readonly T[] = []) {
    this.#items = new Map(items.map((item) => [item.id, item]));
  }

  /** All entities, oldest first. */
  all(): T[] {
    return [...this.#items.values()];
  }

  get(id: string): T | undefined {
    return this.#items.get(id);
  }

  where(predicate: (item: T) => boolean): T[] {
    return this.all().filter(predicate);
  }

  /** Adds the entity, or puts it in the place of the one with its id. */
  put(item: T): T {
    this.#items.set(item.id, item);
    return item;
  }

  remove(id: string): void {
    this.#items.delete(id);
  }
}

/** Everything the sandbox keeps, as it is written to the state file. */
export interface State {
  settings: Settings;
  accounts: Account[];
  zones: Zone[];
  apiTokens: ApiToken[];
  organizations: Organization[];
  identityProviders: IdentityProvider[];
  policies: AccessPolicy[];
  applications: AccessApplication[];
  serviceTokens: ServiceToken[];
  tunnels: Tunnel[];
  tunnelConfigurations: TunnelConfiguration[];
  dnsRecords: DnsRecord[];
  notificationPolicies: NotificationPolicy[];
  gcpSecrets: GcpSecret[];
  gcpServices: GcpService[];
  infisicalProjects: InfisicalProject[];
  infisicalIdentities: InfisicalIdentity[];
  infisicalSecrets: InfisicalSecret[];
}

/** Bumped when an older state file can no longer be read. */
const FORMAT = 1;

/** How many passes of service tokens are remembered. */
const MOST_USES = 10_000;

/** The sandbox's memory; written to a file after each change when it has one. */
export class Store {
  settings!: Settings;
  accounts!: Collection<Account>;
  zones!: Collection<Zone>;
  apiTokens!: Collection<ApiToken>;
  organizations!: Collection<Organization>;
  identityProviders!: Collection<IdentityProvider>;
  policies!: Collection<AccessPolicy>;
  applications!: Collection<AccessApplication>;
  serviceTokens!: Collection<ServiceToken>;
  tunnels!: Collection<Tunnel>;
  tunnelConfigurations!: Collection<TunnelConfiguration>;
  dnsRecords!: Collection<DnsRecord>;
  notificationPolicies!: Collection<NotificationPolicy>;
  gcpSecrets!: Collection<GcpSecret>;
  gcpServices!: Collection<GcpService>;
  infisicalProjects!: Collection<InfisicalProject>;
  infisicalIdentities!: Collection<InfisicalIdentity>;
  infisicalSecrets!: Collection<InfisicalSecret>;

  /** Sessions that the API or their owners have ended; not part of the state file. */
  readonly revocations = new Revocations();
  /** Passes of service tokens, oldest first; the latest only, and not part of the state file. */
  readonly tokenUses: TokenUse[] = [];
  #clockOffsetMs = 0;

  /**
   * @param initial makes the state of an untouched sandbox; called again by `reset`.
   * @param file where to keep the state, mode 0600; read back when it exists.
   * @throws UserError when the file is not a state file of this version.
   */
  constructor(
    private readonly initial: () => State,
    private readonly file?: string,
  ) {
    if (file !== undefined) removeLeftovers(file);
    // A file of an older version has nothing of the kinds that came later, which are then as in the seed.
    const seed = initial();
    this.load({ ...seed, ...(file !== undefined && existsSync(file) ? readState(file, seed) : {}) });
  }

  /** The sandbox's time: the machine's, plus what tests have advanced it by. */
  now(): Date {
    return new Date(Date.now() + this.#clockOffsetMs);
  }

  /** Notes that a service token has passed. */
  noteTokenUse(tokenId: string): void {
    this.tokenUses.push({ tokenId, at: this.now().toISOString() });
    if (this.tokenUses.length > MOST_USES) this.tokenUses.shift();
  }

  /** Moves the sandbox's time forward, to let tokens and old secrets expire. */
  advanceClock(milliseconds: number): void {
    this.#clockOffsetMs += milliseconds;
  }

  /** Back to the seed; the state file, if there is one, is rewritten. */
  reset(): void {
    this.begin(this.initial());
  }

  /** What {@link snapshot} gave once, in place of what is there now; the clock goes right again. */
  restore(state: State): void {
    this.begin(structuredClone(state));
  }

  /** The whole state, secrets included: only for the state file, for masking, and to restore it. */
  snapshot(): State {
    return {
      settings: this.settings,
      accounts: this.accounts.all(),
      zones: this.zones.all(),
      apiTokens: this.apiTokens.all(),
      organizations: this.organizations.all(),
      identityProviders: this.identityProviders.all(),
      policies: this.policies.all(),
      applications: this.applications.all(),
      serviceTokens: this.serviceTokens.all(),
      tunnels: this.tunnels.all(),
      tunnelConfigurations: this.tunnelConfigurations.all(),
      dnsRecords: this.dnsRecords.all(),
      notificationPolicies: this.notificationPolicies.all(),
      gcpSecrets: this.gcpSecrets.all(),
      gcpServices: this.gcpServices.all(),
      infisicalProjects: this.infisicalProjects.all(),
      infisicalIdentities: this.infisicalIdentities.all(),
      infisicalSecrets: this.infisicalSecrets.all(),
    };
  }

  /**
   * Writes the state file, whole or not at all. A request is answered after this, so that whatever was answered
   * outlives the end of the process, however it comes; a power cut may take the last moments.
   */
  save(): void {
    if (this.file === undefined) return;
    mkdirSync(dirname(this.file), { recursive: true });
    const temporary = `${this.file}.${process.pid}-${randomBytes(6).toString("hex")}.tmp`;
    try {
      writeFileSync(temporary, `${JSON.stringify({ format: FORMAT, ...this.snapshot() }, null, 1)}\n`, {
        mode: 0o600,
      });
      // The mode above is subject to the umask and holds only for a new file.
      chmodSync(temporary, 0o600);
      renameSync(temporary, this.file);
    } catch (error) {
      // Half of it, on a full disk, with secrets in it.
      rmSync(temporary, { force: true });
      throw error;
    }
  }

  /** Goes on from there, with nothing remembered of what was. */
  private begin(state: State): void {
    this.#clockOffsetMs = 0;
    this.revocations.clear();
    this.tokenUses.length = 0;
    this.load(state);
    this.save();
  }

  private load(state: State): void {
    this.settings = state.settings;
    this.accounts = new Collection(state.accounts);
    this.zones = new Collection(state.zones);
    this.apiTokens = new Collection(state.apiTokens);
    this.organizations = new Collection(state.organizations);
    this.identityProviders = new Collection(state.identityProviders);
    this.policies = new Collection(state.policies);
    this.applications = new Collection(state.applications);
    this.serviceTokens = new Collection(state.serviceTokens);
    this.tunnels = new Collection(state.tunnels);
    this.tunnelConfigurations = new Collection(state.tunnelConfigurations);
    this.dnsRecords = new Collection(state.dnsRecords);
    this.notificationPolicies = new Collection(state.notificationPolicies);
    this.gcpSecrets = new Collection(state.gcpSecrets);
    this.gcpServices = new Collection(state.gcpServices);
    this.infisicalProjects = new Collection(state.infisicalProjects);
    this.infisicalIdentities = new Collection(state.infisicalIdentities);
    this.infisicalSecrets = new Collection(state.infisicalSecrets);
  }
}

/** Removes what processes left that were killed while they wrote: it holds secrets, and nobody reads it any more. */
function removeLeftovers(file: string): void {
  const folder = dirname(file);
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    if (!name.startsWith(`${basename(file)}.`) || !name.endsWith(".tmp")) continue;
    const writer = Number.parseInt(name.slice(basename(file).length + 1), 10);
    if (!isAlive(writer)) rmSync(join(folder, name), { force: true });
  }
}

function readState(file: string, seed: State): Partial<State> {
  // Without it the engine's state knows objects that are gone, and its next update would not make them again.
  const remedy = `Delete the folder ${dirname(file)}, which has the engine's state of these objects too, or name another file.`;
  const text = readWhole(file);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new UserError(`the sandbox state file ${file} is not JSON`, remedy);
  }
  if (typeof parsed !== "object" || parsed === null || !("format" in parsed) || parsed.format !== FORMAT) {
    throw new UserError(`${file} is not a sandbox state file of format ${FORMAT}`, remedy);
  }
  const { format: _, ...state } = parsed as { format: number } & Partial<State>;
  for (const [kind, like] of Object.entries(seed)) {
    const found: unknown = state[kind as keyof State];
    if (found !== undefined && !isLike(found, like)) {
      throw new UserError(
        `the sandbox state file ${file} is damaged: ${kind} is not what it should be`,
        remedy,
      );
    }
  }
  if (state.tunnels === undefined) return state;
  // A cloudflared lives in the sandbox's process: whatever was connected when that ended no longer is.
  return { ...state, tunnels: state.tunnels.map((tunnel) => ({ ...tunnel, connectors: [] })) };
}

/** A file that cannot be read is not a damaged one: nothing has to be deleted for it. */
function readWhole(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UserError(
      `cannot read the sandbox state file ${file} (${code})`,
      "Let this user read and write it, run the command as who may, or name another file.",
    );
  }
}

/** Whether it is a list of entities where one belongs, and else an object. */
function isLike(found: unknown, like: unknown): boolean {
  const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
  if (!Array.isArray(like)) return isObject(found);
  return Array.isArray(found) && found.every((item) => isObject(item) && typeof item.id === "string");
}
