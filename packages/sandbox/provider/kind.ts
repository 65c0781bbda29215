import {
  type Change,
  type CheckFailure,
  type CheckRequest,
  type CheckResult,
  type CreateRequest,
  changesBetween,
  type DeleteRequest,
  type DiffRequest,
  type DiffResult,
  type PropertyMap,
  type ReadRequest,
  type ReadResult,
  type ResourceContext,
  topLevel,
  UNKNOWN,
  type UpdateRequest,
} from "../../provider/host";
import { comparable, type Fields, inputsOf, marked, planned, refusals, toBeDecided } from "./fields";

/** An object as it stands now, and what is asked of it. */
export interface Transition {
  id: string;
  /** State as it is. */
  state: PropertyMap;
  /** What the user wrote. */
  inputs: PropertyMap;
  /** What it is to be: the inputs, defaults, and what the server decided before. */
  plan: PropertyMap;
  changes: Change[];
}

/** One resource type: a table of its properties and the calls that make, read, change and remove it. */
export interface Kind {
  /** Type token. */
  readonly type: string;
  /** Every property, whoever sets it. */
  readonly fields: Fields;
  /** Version of the state's form, which state says beside it. */
  readonly schemaVersion?: string;
  /** An import also says the inputs that are as by default. */
  readonly importsDefaults?: boolean;
  /** Refusals that take more than one property to see. */
  check?(inputs: PropertyMap): CheckFailure[];
  /** Defaults that depend on other properties. */
  complete?(plan: PropertyMap): PropertyMap;
  /** Changes for which there is no update, beyond the fields marked `replace`. */
  replacedBy?(change: Change, state: PropertyMap, plan: PropertyMap): boolean;
  /** Outputs that an update with these changes makes anew, beyond the fields marked `renewed`. */
  renewedBy?(changes: Change[], inputs: PropertyMap): string[];
  /** Makes the object; answers with its id and the properties that the server decided. */
  create(plan: PropertyMap, context: ResourceContext): Promise<{ id: string; outputs: PropertyMap }>;
  /** Reads the object; undefined when it is gone. An id as a user gives it for an import comes with an empty state. */
  read(id: string, state: PropertyMap): Promise<{ id: string; state: PropertyMap } | undefined>;
  /** Changes the object; answers with what the server decided. */
  update(transition: Transition): Promise<PropertyMap>;
  /** Removes the object; one that is gone already is no error. */
  delete(id: string, state: PropertyMap): Promise<void>;
}

/**
 * How the plan of an update is told. `names`: by the top-level names alone, those of the outputs that it decides anew
 * among them, as every release of the real Cloudflare provider did that was tried. `paths`: by the path of each
 * changed input, as other releases may do.
 */
export type PlanForm = "names" | "paths";

/** Runs the calls of Pulumi's protocol on one kind. */
export class KindRunner {
  constructor(
    readonly kind: Kind,
    private readonly planForm: PlanForm = "paths",
  ) {}

  check({ inputs }: CheckRequest): CheckResult {
    const failures = refusals(this.kind.fields, inputs);
    return { inputs, failures: failures.length > 0 ? failures : (this.kind.check?.(inputs) ?? []) };
  }

  diff(request: DiffRequest): DiffResult {
    const { fields } = this.kind;
    const plan = this.plan(request.inputs, request.state);
    const changes = this.changes(request.state, plan).map((change) => ({
      ...change,
      replace:
        fields[topLevel(change.path)]?.replace === true ||
        this.kind.replacedBy?.(change, request.state, plan) === true,
    }));
    if (this.planForm === "paths") return { changes };
    return { changes, detailed: false, renewed: this.renewed(changes, request.inputs) };
  }

  async create(request: CreateRequest): Promise<{ id: string; state: PropertyMap }> {
    const plan = this.plan(request.inputs, {});
    if (request.preview) {
      return { id: "", state: { ...plan, ...toBeDecided(this.kind.fields, plan), id: UNKNOWN } };
    }
    const { id, outputs } = await this.kind.create(plan, request);
    return { id, state: this.state(id, plan, outputs) };
  }

  async read(request: ReadRequest): Promise<ReadResult | undefined> {
    const found = await this.kind.read(request.id, request.state);
    if (found === undefined) return undefined;
    return {
      id: found.id,
      state: this.state(found.id, {}, found.state),
      inputs: inputsOf(this.kind.fields, found.state, request.inputs, this.kind.importsDefaults),
    };
  }

  async update(request: UpdateRequest): Promise<PropertyMap> {
    const { id, state } = request;
    const asked = this.plan(request.inputs, state);
    const changes = this.changes(state, asked);
    const renewed = this.renewed(changes, request.inputs);
    // What the server is to decide anew is not sent back to it.
    const plan = Object.fromEntries(Object.entries(asked).filter(([name]) => !renewed.includes(name)));
    const kept = Object.fromEntries(
      this.served().flatMap((name) => {
        const value = renewed.includes(name) ? undefined : state[name];
        return value === undefined ? [] : [[name, value] as const];
      }),
    );
    if (request.preview) {
      const unknown = Object.fromEntries(renewed.map((name) => [name, UNKNOWN]));
      return this.state(id, plan, { ...kept, ...unknown });
    }
    const outputs = await this.kind.update({ id, state, inputs: request.inputs, plan, changes });
    return this.state(id, plan, { ...kept, ...outputs });
  }

  delete({ id, state }: DeleteRequest): Promise<void> {
    return this.kind.delete(id, state);
  }

  private plan(inputs: PropertyMap, state: PropertyMap): PropertyMap {
    const plan = planned(this.kind.fields, inputs, state);
    return this.kind.complete?.(plan) ?? plan;
  }

  private changes(state: PropertyMap, plan: PropertyMap): Change[] {
    const { fields } = this.kind;
    return changesBetween(comparable(fields, state), comparable(fields, plan));
  }

  /** Names of the outputs that an update with these changes decides anew. */
  private renewed(changes: Change[], inputs: PropertyMap): string[] {
    if (changes.length === 0) return [];
    const { fields } = this.kind;
    const always = Object.keys(fields).filter((name) => fields[name]?.renewed);
    const names = [...always, ...(this.kind.renewedBy?.(changes, inputs) ?? [])];
    return names.filter((name) => (inputs[name] ?? null) === null);
  }

  /** Names of what only the server sets. */
  private served(): string[] {
    return Object.keys(this.kind.fields).filter((name) => this.kind.fields[name]?.setBy === "server");
  }

  private state(id: string, plan: PropertyMap, outputs: PropertyMap): PropertyMap {
    const { schemaVersion } = this.kind;
    const state: PropertyMap = { ...plan, id };
    if (schemaVersion !== undefined) state.__meta = JSON.stringify({ schema_version: schemaVersion });
    for (const [name, value] of Object.entries(outputs)) {
      const field = this.kind.fields[name];
      if (field !== undefined) state[name] = marked(field, value);
    }
    return state;
  }
}
