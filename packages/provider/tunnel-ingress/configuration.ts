import { entriesOf, textAt } from "./json-text";
import type { Rule } from "./merge";

/** A tunnel's configuration as it stands. */
export interface LiveConfiguration {
  /** Counts every write; 0 when nothing was written yet. */
  version: number;
  /** The whole configuration, as the API wrote it: known here or not, it goes back as it came. */
  text: string;
  rules: Rule[];
  /** Each rule as the API wrote it; a rule that is not in here is ours. */
  texts: ReadonlyMap<Rule, string>;
}

/**
 * A configuration in the API's answer.
 * @throws SyntaxError for an answer that was cut off
 */
export function configuration(answer: string): LiveConfiguration {
  const { result } = JSON.parse(answer) as { result: { version?: number; config?: object | null } | null };
  const text =
    (result?.config ?? null) === null ? "{}" : (textAt(textAt(answer, "result") ?? "{}", "config") ?? "{}");
  const list = textAt(text, "ingress") ?? "[]";
  if (list !== "null" && !list.startsWith("[")) throw new Error("the API's ingress is not a list");
  const entries = list === "null" ? [] : entriesOf(list);
  // Each entry is an object of its own, also `null`: what is no rule is written back where it stood.
  const texts = new Map(entries.map(({ value }) => [ruleOf(JSON.parse(value)), value]));
  return { version: result?.version ?? 0, text, rules: [...texts.keys()], texts };
}

const ruleOf = (value: unknown): Rule =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Rule) : {};

/** The configuration with another list, all else to the letter as it was. */
export function bodyOf(
  { text, texts }: Pick<LiveConfiguration, "text" | "texts">,
  rules: readonly Rule[],
): string {
  const list = `[${rules.map((rule) => texts.get(rule) ?? JSON.stringify(rule)).join(",")}]`;
  const entries = entriesOf(text);
  const place = entries.findLastIndex(({ key }) => JSON.parse(key) === "ingress");
  if (place < 0) entries.push({ key: '"ingress"', value: list });
  else entries[place] = { key: '"ingress"', value: list };
  return `{"config":{${entries.map(({ key, value }) => `${key}:${value}`).join(",")}}}`;
}
