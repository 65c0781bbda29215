import { createHash } from "node:crypto";
import { nodeClassOf } from "./node-classes";

/** A node of a workflow in the form of the API. */
export interface WorkflowNode {
  class_type: string;
  inputs: Record<string, unknown>;
  _meta?: { title?: string };
}
export type Workflow = Record<string, WorkflowNode>;

/** A link to another node's output, `[node id, slot]`. */
export const isLink = (value: unknown): value is [string, number] =>
  Array.isArray(value) && value.length === 2 && typeof value[0] === "string";

/** The node and every node that it needs, the needed ones first; a cycle is walked once. */
export function ancestors(workflow: Workflow, id: string): Set<string> {
  const found = new Set<string>();
  const visit = (current: string, path: readonly string[]) => {
    if (found.has(current) || path.includes(current)) return;
    for (const source of sources(workflow, current)) visit(source, [...path, current]);
    found.add(current);
  };
  visit(id, []);
  return found;
}

/** The output nodes and what they need, in order; what only cached nodes need is left out. */
export function nodesToRun(
  workflow: Workflow,
  outputs: readonly string[],
  cached: readonly string[],
): string[] {
  const order = new Set<string>();
  const visit = (id: string, path: readonly string[]) => {
    if (order.has(id) || path.includes(id)) return;
    if (!cached.includes(id)) {
      for (const source of sources(workflow, id)) if (!cached.includes(source)) visit(source, [...path, id]);
    }
    order.add(id);
  };
  for (const id of outputs) visit(id, []);
  return [...order];
}

/** For each node a digest of its class, its values and all that it is made from. */
export function signaturesOf(workflow: Workflow): Map<string, string> {
  const signatures = new Map<string, string>();
  for (const id of Object.keys(workflow)) {
    for (const node of ancestors(workflow, id)) {
      if (signatures.has(node)) continue;
      const { class_type = "", inputs = {} } = workflow[node] ?? {};
      const values = Object.entries(inputs).map(([name, value]) =>
        isLink(value) ? [name, signatures.get(value[0]), value[1]] : [name, value],
      );
      // Every output node writes its own file, so equal output nodes are told apart.
      const own = nodeClassOf(class_type)?.outputNode === true ? node : "";
      const text = JSON.stringify([class_type, own, values]);
      signatures.set(node, createHash("sha256").update(text).digest("hex"));
    }
  }
  return signatures;
}

function sources(workflow: Workflow, id: string): string[] {
  const links = Object.values(workflow[id]?.inputs ?? {}).filter(isLink);
  return links.map(([source]) => source).filter((source) => workflow[source] !== undefined);
}
