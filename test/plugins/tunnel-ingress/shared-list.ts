import { ApiError } from "../../../packages/base/errors";
import {
  bodyOf,
  configuration,
  type LiveConfiguration,
} from "../../../packages/provider/tunnel-ingress/configuration";
import { entriesOf, textAt } from "../../../packages/provider/tunnel-ingress/json-text";
import type { Rule } from "../../../packages/provider/tunnel-ingress/merge";
import type { RuleStore } from "../../../packages/provider/tunnel-ingress/write";
import { ingressFault } from "../../../packages/sandbox/api/ingress";

export const TUNNEL = { accountId: "a", tunnelId: "t" };

/** Moments of a change at which somebody else may write, counted from 1. */
type Moment = "read" | "write" | "written";

/** A tunnel's configuration as the text that was written, with somebody else who writes it at a given moment. */
export class SharedList implements RuleStore {
  writes = 0;
  reads = 0;
  /** Called right before a read, right before a write and right after one. */
  meanwhile: (moment: Moment, count: number) => void = () => {};
  /** What becomes of a write's answer. */
  answer: (write: number) => "given" | "lost" | "lost before" = () => "given";

  /** @param text the configuration, or undefined where there never was one */
  constructor(
    public text: string | undefined,
    public version = text === undefined ? 0 : 7,
  ) {}

  async read(): Promise<LiveConfiguration> {
    this.reads += 1;
    this.meanwhile("read", this.reads);
    return configuration(
      `{"success":true,"result":{"version":${this.version},"config":${this.text ?? "null"}}}`,
    );
  }

  async write(_: unknown, live: LiveConfiguration, rules: readonly Rule[]) {
    this.writes += 1;
    this.meanwhile("write", this.writes);
    const body = bodyOf(live, rules);
    const fault = ingressFault(JSON.parse(body).config.ingress);
    if (fault !== undefined) throw new ApiError({ action: "write", object: fault, status: 400 });
    const answer = this.answer(this.writes);
    if (answer === "lost before") return { failure: new Error("no answer") };
    const version = this.put(textAt(body, "config") ?? "");
    this.meanwhile("written", this.writes);
    return answer === "given" ? version : { failure: new Error("no answer") };
  }

  put(text: string): number {
    this.text = text;
    this.version += 1;
    return this.version;
  }

  /** The rules as they are written. */
  get rules(): string[] {
    return rulesIn(this.text ?? "{}");
  }

  /** Somebody else's write of the list alone. */
  putRules(rules: readonly string[]): void {
    this.put(withRules(this.text ?? "{}", rules));
  }
}

export function rulesIn(config: string): string[] {
  return entriesOf(textAt(config, "ingress") ?? "[]").map(({ value }) => value);
}

/** The configuration with another list in the same place. */
export function withRules(config: string, rules: readonly string[]): string {
  const entries = entriesOf(config);
  const list = { key: '"ingress"', value: `[${rules.join(", ")}]` };
  const at = entries.findIndex(({ key }) => key === '"ingress"');
  if (at < 0) entries.push(list);
  else entries[at] = list;
  return `{${entries.map(({ key, value }) => `${key}: ${value}`).join(", ")}}`;
}
