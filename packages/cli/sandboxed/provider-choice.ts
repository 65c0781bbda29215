import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { version } from "@pulumi/cloudflare/package.json";

/** The sandbox's own Cloudflare provider, or the installed plugin. */
export type ProviderChoice = "sandbox" | "real";

/** What a choice is about: where it is kept, and where the engine looks for the plugin. */
export interface Chosen {
  dir: string;
  provider: ProviderChoice;
  env: NodeJS.ProcessEnv;
}

const fileIn = (dir: string): string => join(dir, "provider");

/** The choice that was made last, at first the sandbox's own. */
export async function lastChoice(dir: string): Promise<ProviderChoice> {
  const kept = (await readFile(fileIn(dir), "utf8").catch(() => "")).trim();
  return kept === "real" ? "real" : "sandbox";
}

/** Keeps a choice for every later command; of a plugin that cannot be had, they would all fail. */
export async function keepChoice(chosen: Chosen): Promise<void> {
  if (chosen.provider === (await lastChoice(chosen.dir)) || missingPlugin(chosen) !== undefined) return;
  await writeFile(fileIn(chosen.dir), `${chosen.provider}\n`);
}

/** What is the matter when the plugin was chosen and is not installed, and what to do. */
export function missingPlugin({ provider, env }: Chosen): { problem: string; remedy: string } | undefined {
  if (provider === "sandbox") return undefined;
  const name = "pulumi-resource-cloudflare";
  const places = [
    join(env["PULUMI_HOME"] ?? "", "plugins", `resource-cloudflare-v${version}`),
    ...(env["PATH"] ?? "").split(delimiter).flatMap((dir) => (dir === "" ? [] : [join(dir, name)])),
  ];
  if (places.some((place) => existsSync(place))) return undefined;
  return {
    problem: `the Cloudflare plugin ${version} is not installed, and the provider that was chosen is \`real\``,
    remedy: `pulumi plugin install resource cloudflare ${version}, or back to the sandbox's own with --provider sandbox`,
  };
}
