import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { parse } from "yaml";

const DEFAULT = "comfyui.datacrew.space";

/**
 * The host name that Access protects: `COMFYUI_URL` of a `.env`, else the application `comfyui`, or the first one,
 * of the stack's config, else the default of the stack.
 * @param folder where `.env` and `Pulumi.<stack>.yaml` are looked for
 */
export async function protectedHostname(folder: string, stack: string): Promise<string> {
  return (
    ofEnvironment(await textOf(join(folder, ".env"))) ??
    ofStack(await textOf(join(folder, `Pulumi.${stack}.yaml`))) ??
    DEFAULT
  );
}

async function textOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}

function ofEnvironment(text: string): string | undefined {
  const url = parseEnv(text)["COMFYUI_URL"];
  if (url === undefined || !URL.canParse(url)) return undefined;
  const { hostname, protocol } = new URL(url);
  // A local address says where scripts go today, and nothing of the protected name.
  return protocol === "https:" && hostname !== "localhost" ? hostname : undefined;
}

function ofStack(text: string): string | undefined {
  const applications: unknown = configOf(text)?.["comfyui-access:applications"];
  if (!Array.isArray(applications)) return undefined;
  const named = applications.find((each) => each?.name === "comfyui") ?? applications[0];
  return typeof named?.hostname === "string" ? named.hostname : undefined;
}

function configOf(text: string): Record<string, unknown> | undefined {
  try {
    return parse(text)?.config;
  } catch {
    return undefined;
  }
}
