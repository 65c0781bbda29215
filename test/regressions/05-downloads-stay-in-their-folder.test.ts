import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ComfyUIClient } from "../../packages/client/typescript/index";
import { type Origin, startOrigin } from "../../packages/sandbox/origin";
import { quickOptions } from "../client/case";
import { startPython } from "../utils/python";
import { sharedCases } from "./clients";

const root = join(__dirname, "..", "..");
const output = { filename: "bytes-1000.bin", subfolder: "", type: "output" };
let origin: Origin;
let folder: string;
beforeAll(async () => {
  origin = await startOrigin();
  folder = await mkdtemp(join(tmpdir(), "downloads-"));
});
afterAll(async () => {
  await origin.close();
  await rm(folder, { recursive: true, force: true });
});

sharedCases(5);

const clients = {
  async TypeScript(into: string): Promise<string> {
    const client = new ComfyUIClient({ url: origin.url });
    try {
      return await client.downloadTo(output, into).then(
        () => "done",
        ({ code }) => code,
      );
    } finally {
      await client.close();
    }
  },
  async Python(into: string): Promise<string> {
    const python = startPython("run_case.py");
    const env = { COMFYUI_URL: origin.url };
    const input = { env, options: quickOptions, call: "downloadTo", args: { output, folder: into } };
    const answer = await python.ask<{ ok: boolean; error?: { code: string } }>(input);
    await python.close();
    return answer.error?.code ?? "done";
  },
};

test.each(Object.entries(clients))(
  "5: %s writes through no symbolic link in the folder",
  async (_, downloadTo) => {
    const into = await mkdtemp(join(folder, "links-"));
    const outside = join(folder, "outside.bin");
    await writeFile(outside, "mine");
    await symlink(outside, join(into, output.filename));
    expect(await downloadTo(into)).toBe("no_file");
    expect(await readFile(outside, "utf8")).toBe("mine");
    expect(await readdir(into)).toEqual([output.filename]);
    await rm(join(into, output.filename));
    expect(await downloadTo(into)).toBe("done");
  },
);

/** What is shown to be copied: the blocks of Markdown, also in comments, and what a module's own words have indented. */
function examplesOf(file: string, text: string): string {
  if (!file.endsWith(".py"))
    return [...text.matchAll(/```\w*\n(.*?)```/gs)].map(([, code]) => code).join("\n");
  const words = /^[^"]*"""(.*?)"""/s.exec(text)?.[1] ?? "";
  return (words.match(/^ {4}.*$/gm) ?? []).join("\n");
}

test("5: every example that saves an output leaves the path to the client", async () => {
  const listed = ["ls-files", "README.md", "docs", "packages/client"];
  const files = execFileSync("git", listed, { cwd: root, encoding: "utf8" }).trim().split("\n");
  const saving: string[] = [];
  for (const file of files.filter((each) => /\.(md|ts|py)$/.test(each))) {
    const examples = examplesOf(file, await readFile(join(root, file), "utf8"));
    if (/\.download(To|_to)\(/.test(examples)) saving.push(file);
    // With neither, an example has no path of the server's, however it would be joined.
    expect(examples.match(/\.download\(|\bfilename\b/g), file).toBeNull();
  }
  expect(saving.sort()).toEqual([
    "README.md",
    "packages/client/python/comfyui_api_client.py",
    "packages/client/typescript/client.ts",
  ]);
});
