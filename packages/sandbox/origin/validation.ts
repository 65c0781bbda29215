import { ancestors, isLink, type Workflow, type WorkflowNode } from "./graph";
import { type InputSpec, inputsOf, nodeClassOf } from "./node-classes";
import { numberOf, textOf } from "./values";

/** ComfyUI's form of an error. */
export interface PromptError {
  type: string;
  message: string;
  details: string;
  extra_info: Record<string, unknown>;
}

interface NodeError {
  errors: PromptError[];
  /** Output nodes that cannot run because of it. */
  dependent_outputs: string[];
  class_type: string;
}

/** What validation finds: the output nodes that can run, or why none can; `nodeErrors` comes with both. */
export type Validation =
  | { outputs: string[]; nodeErrors: Record<string, NodeError> }
  | { error: PromptError; nodeErrors: Record<string, NodeError> };

interface Circumstances {
  /** Names in the input folder, for LoadImage. */
  inputFiles: readonly string[];
  unknownNodeError: "invalid_prompt" | "missing_node_type";
  /** Output nodes to run; all when undefined. */
  targets?: readonly string[];
}

export const promptError = (
  type: string,
  message: string,
  details = "",
  extra_info: Record<string, unknown> = {},
): PromptError => ({ type, message, details, extra_info });

/**
 * Judges a workflow as ComfyUI does before queueing it (Comfy-Org/ComfyUI, execution.py): a broken node takes
 * the outputs that need it with it, and the others still run.
 */
export function validatePrompt(workflow: Workflow, circumstances: Circumstances): Validation {
  const outputs: string[] = [];
  for (const [id, node] of Object.entries(workflow)) {
    const nodeClass = nodeClassOf(node.class_type);
    if (nodeClass === undefined) return { error: unknownNode(id, node, circumstances), nodeErrors: {} };
    const wanted = circumstances.targets?.includes(id) ?? true;
    if (nodeClass.outputNode === true && wanted) outputs.push(id);
  }
  if (outputs.length === 0) {
    return { error: promptError("prompt_no_outputs", "Prompt has no outputs"), nodeErrors: {} };
  }
  return judgeOutputs(workflow, outputs, circumstances.inputFiles);
}

function unknownNode(id: string, node: WorkflowNode, { unknownNodeError }: Circumstances): PromptError {
  const details = `Node ID '#${id}'`;
  return promptError(
    unknownNodeError,
    unknownNodeMessage(id, node, unknownNodeError),
    details,
    unknownNodeError === "missing_node_type"
      ? {
          node_id: id,
          class_type: node.class_type ?? null,
          node_title: node._meta?.title ?? node.class_type ?? null,
        }
      : {},
  );
}

function unknownNodeMessage(id: string, node: WorkflowNode, type: Circumstances["unknownNodeError"]): string {
  if (node.class_type !== undefined)
    return `Cannot execute because node ${textOf(node.class_type)} does not exist.`;
  if (type === "invalid_prompt") return "Cannot execute because a node is missing the class_type property.";
  return `Node 'ID #${id}' has no class_type. The workflow may be corrupted or a custom node is missing.`;
}

function judgeOutputs(workflow: Workflow, outputs: string[], inputFiles: readonly string[]): Validation {
  const errorsOf = new Map<string, PromptError[]>();
  const good: string[] = [];
  const nodeErrors: Record<string, NodeError> = {};
  for (const output of outputs) {
    const needed = ancestors(workflow, output);
    for (const id of needed) {
      if (!errorsOf.has(id)) errorsOf.set(id, inputErrors(workflow, id, inputFiles));
    }
    const broken = [...needed].filter((id) => (errorsOf.get(id) ?? []).length > 0);
    if (broken.length === 0) good.push(output);
    for (const id of broken) {
      nodeErrors[id] ??= {
        errors: errorsOf.get(id) ?? [],
        dependent_outputs: [],
        class_type: workflow[id]?.class_type ?? "",
      };
      nodeErrors[id].dependent_outputs.push(output);
    }
  }
  if (good.length > 0) return { outputs: good, nodeErrors };
  // Only what is wrong with the output nodes themselves stands here.
  const details = outputs
    .flatMap((output) => errorsOf.get(output) ?? [])
    .map((error) => `${error.message}: ${error.details}`)
    .join("\n");
  return {
    error: promptError("prompt_outputs_failed_validation", "Prompt outputs failed validation", details),
    nodeErrors,
  };
}

function inputErrors(workflow: Workflow, id: string, inputFiles: readonly string[]): PromptError[] {
  const node = workflow[id];
  const nodeClass = node && nodeClassOf(node.class_type);
  if (node === undefined || nodeClass === undefined) return [];
  const { required, optional } = inputsOf(node.class_type, nodeClass, inputFiles);
  const errors = Object.keys(required)
    .filter((name) => node.inputs?.[name] === undefined)
    .map((name) =>
      promptError("required_input_missing", "Required input is missing", name, { input_name: name }),
    );
  for (const [name, spec] of Object.entries({ ...required, ...optional })) {
    const value = node.inputs?.[name];
    if (value === undefined) continue;
    const error = Array.isArray(value)
      ? linkError(workflow, name, spec, value)
      : valueError(name, spec, value);
    if (error !== undefined) errors.push(error);
  }
  return errors;
}

function linkError(
  workflow: Workflow,
  name: string,
  spec: InputSpec,
  link: unknown[],
): PromptError | undefined {
  const extra = { input_name: name, input_config: spec };
  if (!isLink(link)) {
    return promptError(
      "bad_linked_input",
      "Bad linked input, must be a length-2 list of [node_id, slot_index]",
      name,
      { ...extra, received_value: link },
    );
  }
  const source = workflow[link[0]];
  // Python's own errors: ComfyUI does not look before it reads.
  if (source === undefined) return exceptionDuring("KeyError", `'${link[0]}'`);
  const given = nodeClassOf(source.class_type)?.output ?? [];
  const received = given[link[1]];
  if (received === undefined) return exceptionDuring("IndexError", "tuple index out of range");
  if (spec[0] === "*" || received === spec[0]) return undefined;
  return promptError(
    "return_type_mismatch",
    "Return type mismatch between linked nodes",
    `${name}, received_type(${received}) mismatch input_type(${spec[0]})`,
    { ...extra, received_type: received, linked_node: link },
  );
}

function exceptionDuring(exception: string, details: string): PromptError {
  return promptError("exception_during_validation", "Exception when validating node", details, {
    exception_type: exception,
    traceback: ['  File "execution.py", line 1, in validate_inputs\n'],
  });
}

function valueError(name: string, spec: InputSpec, value: unknown): PromptError | undefined {
  const [type, options] = spec;
  const extra = { input_name: name, input_config: spec, received_value: value };
  if (Array.isArray(type)) {
    if (type.includes(value)) return undefined;
    const list = `[${type.map((option) => `'${option}'`).join(", ")}]`;
    return promptError(
      "value_not_in_list",
      "Value not in list",
      `${name}: '${textOf(value)}' not in ${list}`,
      extra,
    );
  }
  if (type !== "INT" && type !== "FLOAT") return undefined;
  const number = numberOf(value);
  if (Number.isNaN(number)) {
    const message = `Failed to convert an input value to a ${type} value`;
    return promptError("invalid_input_type", message, `${name}, ${textOf(value)}`, extra);
  }
  if (options?.min !== undefined && number < options.min) {
    const message = `Value ${number} smaller than min of ${options.min}`;
    return promptError("value_smaller_than_min", message, name, extra);
  }
  if (options?.max !== undefined && number > options.max) {
    const message = `Value ${number} bigger than max of ${options.max}`;
    return promptError("value_bigger_than_max", message, name, extra);
  }
  return undefined;
}
