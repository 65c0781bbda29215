import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import ours from "../../package.json";
import theirs from "../../packages/client/typescript/package.json";
import { DEV_ACCOUNT_ID } from "../../packages/sandbox/account/seed";
import { type Origin, startOrigin } from "../../packages/sandbox/origin";
import { fencesOf } from "../docs/markdown";
import { APP, type Rig, startRig } from "../sandbox/edge/rig";
import { workflow } from "../sandbox/origin/support";
import { firstOfEach, nodeOf } from "./node-versions";

const run = promisify(execFile);
const project = join(__dirname, "..", "..");
const versions = firstOfEach(theirs.engines.node);
let folder: string;
let nodes: string[];

// A program of somebody else's that has installed the package, from the very file that a release has.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "comfyui-access-client-"));
  const pack = ["pack", "-w", "packages/client/typescript", "--pack-destination", folder];
  await run("npm", pack, { cwd: project });
  const tarball = `${theirs.name}-${theirs.version}.tgz`;
  // A folder with a package.json is one that npm installs into, whatever lies above it.
  await writeFile(join(folder, "package.json"), "{}");
  await run("npm", ["install", "--prefer-offline", `./${tarball}`], { cwd: folder });
  nodes = await Promise.all(versions.map(nodeOf));
}, 300_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

test("an installation brings undici and ws, at the versions that the rest of the project has", async () => {
  const names = (await readdir(join(folder, "node_modules"))).filter((name) => !name.startsWith("."));
  expect(names.sort()).toEqual([theirs.name, "undici", "ws"]);
  // Two undicis in one process would not take each other's dispatchers.
  expect(theirs.dependencies).toEqual({ undici: ours.dependencies.undici, ws: ours.dependencies.ws });
});

test("it brings the project's license", async () => {
  const licenseIn = (place: string) => readFile(join(place, "LICENSE"), "utf8");
  expect(await licenseIn(join(folder, "node_modules", theirs.name))).toBe(await licenseIn(project));
});

const script = `
  const client = new ComfyUIClient({ url: "http://127.0.0.1:9" });
  client.systemStats().catch((error) => console.log(error instanceof ComfyUIError, error.kind));
`;

describe.each([
  ["require", "script.cjs", `const { ComfyUIClient, ComfyUIError } = require("${theirs.name}");`],
  ["import", "script.mjs", `import { ComfyUIClient, ComfyUIError } from "${theirs.name}";`],
])("by %s", (_, file, load) => {
  test.each(versions)("it runs as plain JavaScript in Node.js %s", async (version) => {
    await writeFile(join(folder, file), load + script);
    const { stdout } = await run(nodes[versions.indexOf(version)] ?? "", [join(folder, file)]);
    expect(stdout).toBe("true network\n");
  });
});

describe("against the sandbox", () => {
  let rig: Rig;
  let origin: Origin;
  beforeAll(async () => {
    [rig, origin] = await Promise.all([
      startRig(),
      startOrigin({ settings: { msPerNode: 1, msPerStep: 1 } }),
    ]);
    rig.connector.disconnect();
    rig.edge.tunnels.connect({
      token: await rig.api("GET", `/accounts/${DEV_ACCOUNT_ID}/cfd_tunnel/${rig.tunnelId}/token`),
      services: { "http://localhost:8188": origin.url },
    });
    await writeFile(join(folder, "ca.pem"), rig.edge.ca);
  });
  afterAll(() => Promise.all([rig.close(), origin.close()]));

  test.each(versions)("README's example runs a workflow in Node.js %s", async (version) => {
    const example = fencesOf("README.md").find(
      ({ language, text }) => language === "ts" && text.includes(theirs.name),
    );
    const place = join(folder, `run-${version}`);
    await mkdir(join(place, "outputs"), { recursive: true });
    // Another seed each time: ComfyUI does not do again what it has done.
    const seed = versions.indexOf(version);
    const given = `const workflow = ${JSON.stringify(workflow({ seed }))};\n`;
    // It has no types, so that it is JavaScript as it stands.
    await writeFile(join(place, "example.mjs"), given + example?.text);
    const env = {
      COMFYUI_URL: APP,
      COMFYUI_ACCESS_TOKEN: `${rig.token.client_id}:${rig.token.client_secret}`,
      HTTPS_PROXY: rig.edge.proxyUrl,
      NODE_EXTRA_CA_CERTS: join(folder, "ca.pem"),
    };
    const node = nodes[versions.indexOf(version)] ?? "";
    const { stdout, stderr } = await run(node, ["example.mjs"], { cwd: place, env });
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^\d+\/\d+$/m);
    const made = await readdir(join(place, "outputs"));
    expect(made).toHaveLength(1);
    expect((await readFile(join(place, "outputs", made[0] ?? ""))).subarray(1, 4).toString()).toBe("PNG");
  });
});

test("brings its types", async () => {
  const types = join(folder, "node_modules", "@types");
  await mkdir(types);
  await symlink(join(project, "node_modules", "@types", "node"), join(types, "node"));
  await writeFile(
    join(folder, "typed.mts"),
    `import { ComfyUIClient } from "${theirs.name}";
     const first: string | undefined = (await ComfyUIClient.fromEnv().queue()).running[0]?.promptId;
     // @ts-expect-error there is no such option
     new ComfyUIClient({ adress: "http://localhost:8188" });
     console.log(first);`,
  );
  const tsc = join(project, "node_modules", "typescript", "bin", "tsc");
  const args = [tsc, "--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", "typed.mts"];
  const done = await run(process.execPath, args, { cwd: folder }).catch((error: { stdout: string }) => error);
  expect(done.stdout).toBe("");
}, 60_000);
