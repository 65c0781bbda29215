/** The type of an input: a name such as `MODEL` or `INT`, or the list of values to choose from. */
type InputType = string | readonly string[];
type InputOptions = { min?: number; max?: number; default?: unknown; image_upload?: boolean };
export type InputSpec = readonly [InputType] | readonly [InputType, InputOptions];

/** What a node class takes and gives, as `/object_info` describes it. */
export interface NodeClass {
  required: Record<string, InputSpec>;
  optional?: Record<string, InputSpec>;
  output: readonly string[];
  outputNode?: boolean;
  displayName: string;
  category: string;
}

export const CHECKPOINTS = ["sd_xl_base_1.0.safetensors", "v1-5-pruned-emaonly.safetensors"] as const;
const IMAGE: InputSpec = ["IMAGE"];
const LATENT: InputSpec = ["LATENT"];
const CONDITIONING: InputSpec = ["CONDITIONING"];
const SIZE: InputSpec = ["INT", { default: 512, min: 16, max: 16384 }];

/** The node classes that the stand-in can run: the chain from a checkpoint to an image, and some outputs. */
export const NODE_CLASSES: Readonly<Record<string, NodeClass>> = {
  CheckpointLoaderSimple: {
    required: { ckpt_name: [CHECKPOINTS] },
    output: ["MODEL", "CLIP", "VAE"],
    displayName: "Load Checkpoint",
    category: "loaders",
  },
  CLIPTextEncode: {
    required: { text: ["STRING"], clip: ["CLIP"] },
    output: ["CONDITIONING"],
    displayName: "CLIP Text Encode (Prompt)",
    category: "conditioning",
  },
  EmptyLatentImage: {
    required: { width: SIZE, height: SIZE, batch_size: ["INT", { default: 1, min: 1, max: 4096 }] },
    output: ["LATENT"],
    displayName: "Empty Latent Image",
    category: "latent",
  },
  KSampler: {
    required: {
      model: ["MODEL"],
      seed: ["INT", { default: 0, min: 0, max: 2 ** 53 }],
      steps: ["INT", { default: 20, min: 1, max: 10000 }],
      cfg: ["FLOAT", { default: 8, min: 0, max: 100 }],
      sampler_name: [["euler", "euler_ancestral", "heun", "dpmpp_2m"]],
      scheduler: [["normal", "karras", "simple"]],
      positive: CONDITIONING,
      negative: CONDITIONING,
      latent_image: LATENT,
      denoise: ["FLOAT", { default: 1, min: 0, max: 1 }],
    },
    output: ["LATENT"],
    displayName: "KSampler",
    category: "sampling",
  },
  VAEDecode: {
    required: { samples: LATENT, vae: ["VAE"] },
    output: ["IMAGE"],
    displayName: "VAE Decode",
    category: "latent",
  },
  LoadImage: {
    // The list is filled in from the input folder.
    required: { image: [[], { image_upload: true }] },
    output: ["IMAGE", "MASK"],
    displayName: "Load Image",
    category: "image",
  },
  SaveImage: {
    required: { images: IMAGE, filename_prefix: ["STRING", { default: "ComfyUI" }] },
    output: [],
    outputNode: true,
    displayName: "Save Image",
    category: "image",
  },
  PreviewImage: {
    required: { images: IMAGE },
    output: [],
    outputNode: true,
    displayName: "Preview Image",
    category: "image",
  },
  SaveImageWebsocket: {
    required: { images: IMAGE },
    output: [],
    outputNode: true,
    displayName: "SaveImageWebsocket",
    category: "api/image",
  },
  PreviewAny: {
    required: { source: ["*"] },
    output: [],
    outputNode: true,
    displayName: "Preview as Text",
    category: "utils",
  },
};

/** The node class of that name, if the stand-in has it. */
export const nodeClassOf = (name: unknown): NodeClass | undefined =>
  typeof name === "string" && Object.hasOwn(NODE_CLASSES, name) ? NODE_CLASSES[name] : undefined;

/** Inputs of a node class; a loader of images chooses from the files that are there. */
export function inputsOf(name: string, nodeClass: NodeClass, inputFiles: readonly string[]) {
  const required =
    name === "LoadImage"
      ? { image: [inputFiles, { image_upload: true }] satisfies InputSpec }
      : nodeClass.required;
  return { required, optional: nodeClass.optional ?? {} };
}

/** A node class as `/object_info` renders it. */
export function renderNodeClass(name: string, nodeClass: NodeClass, inputFiles: readonly string[]) {
  const { required, optional } = inputsOf(name, nodeClass, inputFiles);
  return {
    input: { required, ...(nodeClass.optional ? { optional } : {}) },
    input_order: {
      required: Object.keys(required),
      ...(nodeClass.optional ? { optional: Object.keys(optional) } : {}),
    },
    output: nodeClass.output,
    output_is_list: nodeClass.output.map(() => false),
    output_name: nodeClass.output,
    name,
    display_name: nodeClass.displayName,
    description: "",
    python_module: "nodes",
    category: nodeClass.category,
    output_node: nodeClass.outputNode ?? false,
  };
}
