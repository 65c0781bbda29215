import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Origin, startOrigin } from "../../sandbox/origin";
import { ComfyUIClient } from "../../src/client";
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

sharedCases("5", "downloads");

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

test("5: no example makes a path of the server's name", () => {
  const files = execFileSync("git", ["ls-files", "README.md", "docs", "src/client", "utils"], {
    cwd: root,
    encoding: "utf8",
  });
  return Promise.all(
    files
      .trim()
      .split("\n")
      .filter((file) => /\.(md|ts|py)$/.test(file))
      .map(async (file) => {
        const text = await readFile(join(root, file), "utf8");
        expect(text.match(/download\([^)\n]*\.filename/g), file).toBeNull();
      }),
  );
});
