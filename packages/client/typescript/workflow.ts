import { ComfyUIError } from "./errors";
import { isRecord, type JsonObject } from "./narrow";

/** A workflow in API format: by node id, its class and inputs. */
export type Workflow = Record<string, { class_type: string; inputs?: JsonObject; [key: string]: unknown }>;

/** Refuses what ComfyUI would refuse less clearly: the editor's own format, a whole request body, a node without a class. */
export function checkWorkflow(workflow: unknown): asserts workflow is Workflow {
  if (!isRecord(workflow)) throw badWorkflow("is not an object");
  if (Array.isArray(workflow["nodes"])) {
    throw new ComfyUIError(
      "usage",
      "ui_format",
      'this is the workflow as the editor saves it, with "nodes" and "links"; ' +
        "ComfyUI runs the API format: File → Export (API) in the editor",
    );
  }
  const ids = Object.keys(workflow);
  if (ids.length === 0) throw badWorkflow("has no nodes");
  if (isRecord(workflow["prompt"]) && workflow["prompt"]["class_type"] === undefined) {
    throw badWorkflow('looks like the whole body of POST /prompt: pass what stands under "prompt"');
  }
  const wrong = ids.find((id) => typeof (workflow[id] as JsonObject | null)?.["class_type"] !== "string");
  if (wrong !== undefined) throw badWorkflow(`node ${JSON.stringify(wrong.slice(0, 40))} has no class_type`);
}

function badWorkflow(what: string): ComfyUIError {
  return new ComfyUIError(
    "usage",
    "bad_workflow",
    `the workflow ${what}; expected ComfyUI's API format, {"<node id>": {"class_type", "inputs"}}`,
  );
}
