import type { ArgDef } from "citty";

/** The only values that an option takes: an enum's, or those in its hint, `a|b`, or `a|b,…` where it takes several. */
export function choicesOf(definition: ArgDef): { names: string[]; list: boolean } | undefined {
  if (definition.type === "enum") return { names: definition.options ?? [], list: false };
  const { valueHint = "" } = definition;
  if (!valueHint.includes("|")) return undefined;
  return { names: valueHint.replace(/,…$/, "").split("|"), list: valueHint.endsWith(",…") };
}

/** What stands in the place of an option's value, in its help. */
export function hintOf(name: string, definition: ArgDef): string {
  const options = definition.type === "enum" ? definition.options?.join("|") : undefined;
  return `<${options ?? definition.valueHint ?? name.split("-").at(-1)}>`;
}
