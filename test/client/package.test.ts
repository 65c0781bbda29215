import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const project = join(__dirname, "..", "..");
let folder: string;

// A program of somebody else's that has this package installed, from the very files that npm would publish.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "comfyui-access-package-"));
  const packed = await run("npm", ["pack", "--json", "--pack-destination", folder], { cwd: project });
  const [{ filename }] = JSON.parse(packed.stdout.slice(packed.stdout.indexOf("["))) as [
    { filename: string },
  ];
  const modules = join(folder, "node_modules");
  await mkdir(join(modules, "comfyui-access"), { recursive: true });
  await run("tar", [
    "-xzf",
    join(folder, filename),
    "-C",
    join(modules, "comfyui-access"),
    "--strip-components=1",
  ]);
  // Only what the client stands on: neither Pulumi nor Cloudflare's package is there to be found.
  for (const name of ["undici", "ws", "@types"]) {
    await symlink(join(project, "node_modules", name), join(modules, name));
  }
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

const script = `
  const client = new ComfyUIClient({ url: "http://127.0.0.1:9" });
  client.systemStats().catch((error) => console.log(error instanceof ComfyUIError, error.kind));
`;

describe("comfyui-access/client as a package", () => {
  test.each([
    ["require", "script.cjs", 'const { ComfyUIClient, ComfyUIError } = require("comfyui-access/client");'],
    ["import", "script.mjs", 'import { ComfyUIClient, ComfyUIError } from "comfyui-access/client";'],
  ])("runs as plain JavaScript by %s, with undici and ws alone", async (_, file, load) => {
    await writeFile(join(folder, file), load + script);
    const { stdout } = await run(process.execPath, [join(folder, file)]);
    expect(stdout).toBe("true network\n");
  });

  test("brings its types", async () => {
    await writeFile(join(folder, "package.json"), "{}");
    await writeFile(
      join(folder, "typed.mts"),
      `import { ComfyUIClient } from "comfyui-access/client";
       const first: string | undefined = (await ComfyUIClient.fromEnv().queue()).running[0]?.promptId;
       // @ts-expect-error there is no such option
       new ComfyUIClient({ adress: "http://localhost:8188" });
       console.log(first);`,
    );
    const tsc = join(project, "node_modules", "typescript", "bin", "tsc");
    const args = [tsc, "--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", "typed.mts"];
    const done = await run(process.execPath, args, { cwd: folder }).catch(
      (error: { stdout: string }) => error,
    );
    expect(done.stdout).toBe("");
  }, 60_000);
});
