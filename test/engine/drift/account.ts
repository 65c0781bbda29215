import { type AccountCompared, compareAccount } from "../../../packages/cli/drift/drift";
import { kindOf } from "../../../packages/cli/drift/kinds";
import type { Kind } from "../../../packages/cli/drift/kinds/kind";
import { readAccount } from "../../../packages/cli/drift/read-account";
import type { Failure } from "../../../packages/cli/drift/types";
import { checkUnseen } from "../../../packages/cli/drift/unseen";
import type { Probes, UnseenResult } from "../../../packages/cli/drift/unseen/context";
import { readStackOutputs, type StackOutputs } from "../../../packages/cli/secrets/outputs";
import { type OpenStack, sandboxedStack } from "../../../packages/cli/stack/open-stack";
import { readState, type StackResource, type StackState } from "../../../packages/cli/stack/read-stack";
import { AccountApi, type Wire } from "../../../packages/cloudflare/account-api";
import { AccountSnapshot } from "../../../packages/cloudflare/account-snapshot";
import { ApiFailure } from "../../../packages/cloudflare/api-failure";
import { EngineRig } from "../support";

/** What one look at the account found. */
export interface Look extends Pick<AccountCompared, "access"> {
  changes: AccountCompared["changes"];
  unseen: UnseenResult["unseen"];
  failures: Failure[];
}

/** An account whose answers for one object can be others than it gives. */
class ShownApi extends AccountApi {
  shown: { path: string; value: Wire } | undefined;
  /** A list that is refused, by the words for it. */
  refused: string | undefined;

  override async read(path: string, object: string): Promise<Wire | undefined> {
    const found = await super.read(path, object);
    return this.shown?.path === path ? this.shown.value : found;
  }

  override async list(path: string, object: string): Promise<Wire[]> {
    if (object === this.refused || (object === "the DNS records" && this.refused?.startsWith(object))) {
      throw new ApiFailure({ action: "read", object, status: 403, code: 10000, kind: "permission" });
    }
    return super.list(path, object);
  }
}

/** A stack that the engine brought up once, and the comparison without the engine, as often as is wanted. */
export class DriftRig {
  private constructor(
    readonly rig: EngineRig,
    readonly stack: OpenStack,
    readonly state: StackState,
    readonly outputs: StackOutputs,
    readonly api: ShownApi,
  ) {}

  static async open(prepare: (rig: EngineRig) => Promise<string>): Promise<DriftRig> {
    const rig = await EngineRig.open({ rateLimit: false });
    const file = await prepare(rig);
    const up = await rig.up();
    if (up.code !== 0) throw new Error(up.stdout + up.stderr);
    const { session } = rig;
    const stack = await sandboxedStack(session, "dev", file);
    const engine = stack.engine("preview");
    const { accountId } = stack.settings.config;
    const api = new ShownApi({ accountId, token: session.tokens.preview, baseUrl: session.apiUrl });
    return new DriftRig(
      rig,
      stack,
      await readState(engine, "dev"),
      await readStackOutputs(engine, "dev"),
      api,
    );
  }

  close(): Promise<void> {
    return this.rig.close();
  }

  /** The stack's objects that are compared, each with how it is compared; tokens, whose end cannot be put back, last. */
  objects(): { resource: StackResource; kind: Kind; path: string }[] {
    const found = this.state.resources.flatMap((resource) => {
      const kind = kindOf(resource.type);
      return kind === undefined
        ? []
        : [{ resource, kind, path: kind.path(new AccountSnapshot(this.api), resource) }];
    });
    const isLast = ({ kind }: { kind: Kind }) => kind.subject === "service token";
    return found.sort((a, b) => Number(isLast(a)) - Number(isLast(b)));
  }

  /** The path of one of the stack's objects, by its kind and its name in the program. */
  pathOf(subject: string, name?: string): string {
    const found = this.objects().find(
      ({ kind, resource }) => kind.subject === subject && (name === undefined || resource.name === name),
    );
    if (found === undefined) throw new Error(`no ${subject} ${name ?? ""}`);
    return found.path;
  }

  /** An object as it is, whatever was said that its answer should be. */
  async read(path: string): Promise<Wire> {
    this.api.shown = undefined;
    const found = await this.api.read(path, path);
    if (found === undefined) throw new Error(`nothing at ${path}`);
    return found;
  }

  /** What a secret's check would find, were the secret the state's; its own tests try the real ones. */
  readonly probes: Probes = {
    token: async () => ({ verdict: "passes", detail: "HTTP 200" }),
    connectorToken: async () => {
      throw new ApiFailure({
        action: "read",
        object: "the connector token",
        status: 403,
        kind: "permission",
      });
    },
  };

  /** Reads the account once and compares it, with the engine left out. */
  async look(probes: Probes = this.probes): Promise<Look> {
    const { resources, writtenAt: since } = this.state;
    const { settings } = this.stack;
    const now = new Date();
    const account = await readAccount(new AccountSnapshot(this.api), { resources, settings });
    const compared = compareAccount({ account, resources, settings, now });
    const authDomain = `${settings.config.teamName}.cloudflareaccess.com`;
    const { changes } = compared;
    const unseen = await checkUnseen(
      { account, resources, settings, outputs: this.outputs, changes, since, authDomain, now },
      probes,
    );
    return {
      changes: [...changes, ...unseen.changes],
      access: compared.access,
      unseen: [...unseen.unseen, ...compared.unseen],
      failures: [...account.failures, ...unseen.failures],
    };
  }
}
