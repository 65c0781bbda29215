import { join } from "node:path";
import { expect } from "vitest";
import type { StandIn } from "../github/github-stand-in";
import type { LeaksRig } from "./leaks-rig";
import { answers, fails, type Scene } from "./leaks-scene";

const GUARDRAILS = ["--policy-pack", "policies/run"];
const UP = ["up", "--yes", "--skip-preview", ...GUARDRAILS];

/** What is done with a stack in a real account: its owner's token and passphrase are in the environment. */
export function realScenes(rig: LeaksRig, github: StandIn): Scene[] {
  const { wire } = rig.real;
  const commit = "0123456789abcdef0123456789abcdef01234567";
  const runner = {
    GITHUB_API_URL: github.url,
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_REPOSITORY: "owner/name",
    GITHUB_RUN_ID: "500",
    GITHUB_RUN_ATTEMPT: "1",
    GITHUB_STEP_SUMMARY: join(rig.run.root, "summary.md"),
    GITHUB_TOKEN: "stand-in-token",
    STACK: "comfyui-access/prod",
    COMMIT: commit,
    PULL_REQUEST: "7",
  };
  const script = (name: string, ...args: string[]) => rig.npmReal([`github:${name}`, ...args]);
  const plain = (file: string, env: NodeJS.ProcessEnv) => {
    github.state.head = commit;
    return rig.run.run(`node ${file}`, process.execPath, [`packages/github/plain/${file}`], {
      env: { ...runner, ...env },
    });
  };
  const comments = () => {
    for (const { body } of github.state.comments) rig.run.keep("comment", "of the pull request", body);
    for (const { title, body } of github.state.issues)
      rig.run.keep("comment", "of the issue", `${title}\n${body}`);
  };

  return [
    {
      name: "an API that refuses, in words that repeat the secret it was sent",
      play: async () => {
        wire.onCall = ({ method, path, body }) => {
          if (method !== "POST" || !path.endsWith("/identity_providers")) return undefined;
          const message = `access.api.error.invalid_request: ${body}`;
          const errors = [{ code: 12130, message }];
          return { status: 400, body: { success: false, errors, messages: [], result: null } };
        };
        await fails(rig.pulumi(UP, { name: "pulumi up, refused" }));
        wire.onCall = undefined;
      },
    },
    { name: "preview", full: true, play: () => answers(rig.pulumi(["preview", ...GUARDRAILS])) },
    { name: "preview --diff", full: true, play: () => answers(rig.pulumi(["preview", "--diff"])) },
    {
      name: "preview --json",
      full: true,
      play: () => answers(rig.pulumi(["preview", "--json", "--show-sames"])),
    },
    {
      name: "preview --save-plan",
      play: () =>
        answers(
          rig.pulumi(["preview", "--save-plan", join(rig.run.root, "plan.json")], {
            env: rig.realWith({ PULUMI_EXPERIMENTAL: "true" }),
          }),
        ),
    },
    {
      name: "up",
      play: async () => {
        await answers(rig.pulumi(UP));
        rig.noteOutputs();
      },
    },
    { name: "env", play: () => answers(rig.npmReal(["env"])) },
    { name: "env --check", full: true, play: () => answers(rig.npmReal(["env", "--check", "--json"])) },
    { name: "env --to config", full: true, play: () => answers(rig.npmReal(["env", "--to", "config"])) },
    { name: "env --to gcp", full: true, play: () => answers(rig.npmReal(["env", "--to", "gcp"])) },
    {
      name: "env --to infisical",
      full: true,
      play: () => answers(rig.npmReal(["env", "--to", "infisical"])),
    },
    { name: "stack export", play: () => answers(rig.pulumi(["stack", "export"])) },
    {
      name: "the engine's history, config and outputs",
      full: true,
      play: async () => {
        await answers(rig.pulumi(["stack", "history"]));
        await answers(rig.pulumi(["config"]));
        await answers(rig.pulumi(["stack", "output", "--json"]));
        await answers(rig.pulumi(["stack", "--show-urns"]));
      },
    },
    {
      name: "the engine's verbose log",
      full: true,
      play: async () => {
        const log = ["-v=9", "--logtostderr", "--logflow"];
        await answers(rig.pulumi(["preview", ...log], { name: "pulumi preview -v=9" }));
        await answers(rig.pulumi([...UP, ...log], { name: "pulumi up -v=9" }));
      },
    },
    {
      name: "a guardrail that stops an up",
      full: true,
      play: async () => {
        rig.edit("Pulumi.prod.yaml", (yaml) =>
          yaml.replace("- name: comfyui\n", "- name: comfyui\n      sessionDuration: 48h\n"),
        );
        await fails(rig.pulumi(UP, { name: "pulumi up, stopped by a guardrail" }));
        rig.edit("Pulumi.prod.yaml", (yaml) => yaml.replace("      sessionDuration: 48h\n", ""));
      },
    },
    {
      name: "a program that throws, with all that it knows at hand",
      play: async () => {
        const thrown = 'Object.assign(new Error("thrown"), { config, found })';
        // Only where it is told to: the other stack's commands run the same program at the same time.
        rig.edit("index.ts", (text) =>
          text.replace(
            "  const google = ",
            `  if (process.env["LEAKS_THROW"]) throw ${thrown};\n  const google = `,
          ),
        );
        const env = rig.realWith({ LEAKS_THROW: "1" });
        await fails(rig.pulumi(["preview"], { name: "pulumi preview, of a program that throws", env }));
      },
    },
    {
      name: "a command that is asked for Node's diagnostic reports",
      full: true,
      play: async () => {
        expect(await rig.report()).toBe(0);
      },
    },
    { name: "doctor", full: true, play: () => answers(rig.npmReal(["doctor"]), 1, 3) },
    { name: "drift", full: true, play: () => answers(rig.npmReal(["drift", "--no-probe", "--json"]), 1, 3) },
    { name: "orphans", full: true, play: () => answers(rig.npmReal(["cli", "orphans"]), 3) },
    { name: "explain", full: true, play: () => answers(rig.npmReal(["explain", "comfyui.datacrew.space/"])) },
    { name: "access-diff", full: true, play: () => answers(rig.npmReal(["cli", "access-diff"]), 3, 4) },
    { name: "adopt", full: true, play: () => answers(rig.npmReal(["cli", "adopt"]), 3) },
    { name: "audit", full: true, play: () => answers(rig.npm(["cli", "audit", "."]), 1, 3) },
    {
      name: "the workflows' steps, and what they write to GitHub",
      full: true,
      play: async () => {
        await answers(script("review", "--commit", commit));
        await answers(plain("comment.ts", { MODE: "review", REVIEW_FILE: "review.json" }), 1);
        await answers(script("drift", "--mask", "false"));
        await answers(plain("issue.ts", { FINDINGS_FILE: "findings.json" }), 1);
        comments();
      },
    },
    {
      name: "an engine that is killed while it makes a new secret",
      play: async () => {
        rig.edit("Pulumi.prod.yaml", (yaml) =>
          yaml.replace(
            "- name: comfyui-api\n",
            `- name: comfyui-api\n      version: 2\n      previousExpiresAt: "${new Date(Date.now() + 36e5).toISOString()}"\n`,
          ),
        );
        await rig.kill(
          wire,
          ({ path }) => path.endsWith("/rotate") || path.includes("/service_tokens/"),
          (started) => rig.pulumi(UP, { name: "pulumi up, killed", started }),
        );
        await answers(rig.pulumi(["stack", "export"], { name: "pulumi stack export, after the kill" }));
      },
    },
  ];
}
