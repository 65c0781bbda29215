import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { parseConfig } from "../../config/stack-config";
import type { PulumiTarget } from "../../packages/cli/engine/pulumi";
import { mustPulumi } from "../../packages/cli/sandboxed/pulumi";
import { openSandboxSession, type SandboxSession } from "../../packages/cli/sandboxed/session";
import { projectDir } from "../../packages/cli/sandboxed/workspace";

const STACK = "live";
const CLIENT_SECRET = "sandbox-google-client-secret";

/** What somebody types at the prompts; the rest is taken as offered. */
const answers: Record<string, string> = {
  accountId: "0123456789abcdef0123456789abcdef",
  zone: "datacrew.space",
  teamName: "datacrew",
  "google.clientId": "sandbox.apps.googleusercontent.com",
  "google.clientSecret": CLIENT_SECRET,
  "applications[0].allow.emails[0]": "artist@datacrew.space",
};

interface Question {
  description: string;
  default?: string;
  secret?: boolean;
}

let dir: string;
let session: SandboxSession;
let target: PulumiTarget;
let questions: Record<string, Question>;
let printed: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "template-"));
  session = await openSandboxSession({ dir: join(dir, "workspace"), keepState: false });
  const template = join(dir, "template");
  const project = join(dir, "project");
  await mkdir(project, { recursive: true });
  target = { ...session.target("preview"), cwd: project };
  questions = await writeTemplate(template);
  printed = (await mustPulumi(target, ["new", template, "--yes", "--stack", STACK])).stdout;
});

afterAll(async () => {
  await session?.close();
  await rm(dir, { recursive: true, force: true });
});

test("every question says what is asked, and the secret is asked for as one", () => {
  for (const [key, { description }] of Object.entries(questions)) expect(description, key).toMatch(/\w{3}/);
  expect(questions["google.clientSecret"]?.secret).toBe(true);
  expect(Object.keys(questions)).toEqual(expect.arrayContaining(Object.keys(answers)));
  expect(printed).toContain("docs/comfyui-access-implementation.md");
  expect(printed).not.toContain(CLIENT_SECRET);
});

test("the answers are a stack config that the program takes, with the secret encrypted", async () => {
  const { stdout } = await mustPulumi(target, ["config", "--json", "--show-secrets", "--stack", STACK]);
  const entries = Object.entries(JSON.parse(stdout) as Record<string, { value: string; secret: boolean }>)
    // The others are defaults of Pulumi.yaml.
    .map(([key, entry]) => [key.replace("comfyui-access:", ""), entry] as const)
    .filter(([key]) => key in questions);
  const config = parseConfig(Object.fromEntries(entries.map(([key, { value }]) => [key, value])), {
    stack: STACK,
    secretKeys: new Set(entries.filter(([, { secret }]) => secret).map(([key]) => key)),
  });
  expect(config.google.clientSecret).toBe(CLIENT_SECRET);
  expect(config.tunnel).toEqual({ name: "comfyui" });
  expect(config.applications).toEqual([
    expect.objectContaining({
      hostname: "comfyui.datacrew.space",
      allow: { emails: ["artist@datacrew.space"], emailDomains: [] },
    }),
  ]);
  expect(await readFile(join(target.cwd, `Pulumi.${STACK}.yaml`), "utf8")).not.toContain(CLIENT_SECRET);
});

test("a preview of the new project plans one whole application", async () => {
  await writeFile(join(target.cwd, "package.json"), await readFile(join(projectDir, "package.json")));
  await rm(join(target.cwd, "node_modules"), { recursive: true });
  await symlink(join(projectDir, "node_modules"), join(target.cwd, "node_modules"));
  const { stdout } = await mustPulumi(target, ["preview", "--stack", STACK]);
  for (const planned of ["AccessApplication", "AccessIdentityProvider", "AccessServiceToken", "DnsRecord"]) {
    expect(stdout).toContain(planned);
  }
  expect(stdout).not.toContain(CLIENT_SECRET);
});

/** The project as a template, with the answers as defaults, and without dependencies that npm would have to fetch. */
async function writeTemplate(folder: string): Promise<Record<string, Question>> {
  for (const part of ["index.ts", "tsconfig.json", "config", "components", "packages", "tools"]) {
    await cp(join(projectDir, part), join(folder, part), { recursive: true });
  }
  const manifest = parse(await readFile(join(projectDir, "Pulumi.yaml"), "utf8")) as {
    template: { config: Record<string, Question> };
  };
  const asked = structuredClone(manifest.template.config);
  for (const [key, answer] of Object.entries(answers)) {
    const question = manifest.template.config[key];
    if (question !== undefined) question.default = answer;
  }
  await writeFile(join(folder, "Pulumi.yaml"), stringify(manifest));
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "template", private: true }));
  // npm makes no such folder where there is nothing to install, and the engine then takes that for a failure.
  await mkdir(join(folder, "node_modules"));
  await writeFile(join(folder, "node_modules", ".keep"), "");
  return asked;
}
