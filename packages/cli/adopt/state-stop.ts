import { urnOf } from "../../../components/declaration";
import type { PlanInput } from "./plan-input";
import type { Decision, Row } from "./types";
import { objects, text } from "./wire";

/**
 * What the stack's state has, and the account does not show, or shows as another object: an import would be refused
 * beside it, and a preview would not tell.
 */
export function stateStop(
  { project, stack, state }: Pick<PlanInput, "project" | "stack" | "state">,
  rows: readonly Row[],
): Decision[] {
  const stale = rows.flatMap(({ kind, name, how, id, resource }) => {
    const entry = resource === undefined ? undefined : state.get(urnOf(resource, project, stack));
    if (entry === undefined || entry.id === "" || how === "in the state") return [];
    if (kind === "ingress rule") {
      const isOurs = objects(entry.inputs, "rules").some((rule) => text(rule, "hostname") === name);
      return isOurs ? [{ said: `ingress rule ${name}`, id: entry.id }] : [];
    }
    const there = id === undefined ? "" : ` (there it is ${id})`;
    return [{ said: `${kind} ${resource?.name} as ${entry.id}${there}`, id: entry.id }];
  });
  if (stale.length === 0) return [];
  return [
    {
      what: `the state of stack ${stack}`,
      why: `it has what the account does not show: ${stale.map(({ said }) => said).join(", ")}`,
      remedy: `Is this the right account? Then \`pulumi refresh --stack ${stack}\` takes them out of the state. In the sandbox, \`npm run sandbox -- --reset\` forgets account and state.`,
      field: "id",
      found: stale.map(({ id }) => id),
    },
  ];
}
