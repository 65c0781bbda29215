import { type Fields, fieldsOf, listOf } from "../../base/json-values";

/** An exported state with other resources; to the letter as it was where they are the same. */
export function edited(state: string, edit: (resources: readonly Fields[]) => readonly Fields[]): string {
  const whole = fieldsOf(JSON.parse(state));
  const deployment = fieldsOf(whole["deployment"]);
  const before = listOf(deployment["resources"]).map(fieldsOf);
  const resources = edit(before);
  if (resources.length === before.length && resources.every((each, index) => each === before[index]))
    return state;
  return JSON.stringify({ ...whole, deployment: { ...deployment, resources } });
}
