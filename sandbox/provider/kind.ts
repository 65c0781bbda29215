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
} from "../../src/provider-host";
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
  /** Refusals that take more than one property to see. */
  check?(inputs: PropertyMap): CheckFailure[];
  /** Defaults that depend on other properties. */
  complete?(plan: PropertyMap): PropertyMap;
  /** Changes for which there is no update, beyond the fields marked `replace`. */
  replacedBy?(change: Change, state: PropertyMap, plan: PropertyMap): boolean;
  /** Outputs that an update with these changes makes anew. */
  renewedBy?(changes: Change[]): string[];
  /** Makes the object; answers with its id and the properties that the server decided. */
  create(plan: PropertyMap, context: ResourceContext): Promise<{ id: string; outputs: PropertyMap }>;
  /** Reads the object; undefined when it is gone. An id as a user gives it for an import comes with an empty state. */
  read(id: string, state: PropertyMap): Promise<{ id: string; state: PropertyMap } | undefined>;
  /** Changes the object; answers with what the server decided. */
  update(transition: Transition): Promise<PropertyMap>;
  /** Removes the object; one that is gone already is no error. */
  delete(id: string, state: PropertyMap): Promise<void>;
}

/** Runs the calls of Pulumi's protocol on one kind. */
export class KindRunner {
  constructor(readonly kind: Kind) {}

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
    return { changes };
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
      inputs: inputsOf(this.kind.fields, found.state, request.inputs),
    };
  }

  async update(request: UpdateRequest): Promise<PropertyMap> {
    const { id, state } = request;
    const plan = this.plan(request.inputs, state);
    const changes = this.changes(state, plan);
    if (request.preview) {
      const renewed = this.kind.renewedBy?.(changes) ?? [];
      const outputs = Object.fromEntries(
        this.served().flatMap((name) => {
          const value = renewed.includes(name) ? UNKNOWN : state[name];
          return value === undefined ? [] : [[name, value] as const];
        }),
      );
      return this.state(id, plan, outputs);
    }
    const outputs = await this.kind.update({ id, state, inputs: request.inputs, plan, changes });
    const kept = Object.fromEntries(
      this.served().flatMap((name) => (state[name] === undefined ? [] : [[name, state[name]]])),
    );
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

  /** Names of what only the server sets. */
  private served(): string[] {
    return Object.keys(this.kind.fields).filter((name) => this.kind.fields[name]?.setBy === "server");
  }

  private state(id: string, plan: PropertyMap, outputs: PropertyMap): PropertyMap {
    const state: PropertyMap = { ...plan, id };
    for (const [name, value] of Object.entries(outputs)) {
      const field = this.kind.fields[name];
      if (field !== undefined) state[name] = marked(field, value);
    }
    return state;
  }
}
