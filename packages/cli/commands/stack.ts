import { spawn } from "node:child_process";
import { defineCommand } from "citty";
import { UserError } from "../../base/errors";
import { textOf } from "../../base/json-values";
import { guardChild } from "../../base/process/signals";
import { AccountApi } from "../../cloudflare/account-api";
import { AccountSnapshot } from "../../cloudflare/account-snapshot";
import { TYPES } from "../../cloudflare/kinds";
import { refuseWhileUsed } from "../../cloudflare/used-by-others";
import { isCutOff, recover, renderRecovery } from "../recover/recover";
import { missingPlugin } from "../sandboxed/provider-choice";
import { ensureStack, guardrails } from "../sandboxed/pulumi";
import { openSandboxSession, type SandboxSession } from "../sandboxed/session";
import { refuseDamagedState } from "../stack/damaged-state";
import { projectName, readState } from "../stack/read-stack";
import { providerArg, stackArg } from "./args";

type Verb = "up" | "preview" | "destroy";

const descriptions: Record<Verb, string> = {
  up: "pulumi up of a stack, into the sandbox.",
  preview: "pulumi preview of a stack against the sandbox, with an API token that may only read.",
  destroy: "pulumi destroy of a stack in the sandbox.",
};

const guardrailsArg = {
  type: "boolean",
  default: true,
  description: "Judge the stack by the guardrails; --no-guardrails leaves them out, for play.",
} as const;

function command(verb: Verb) {
  return defineCommand({
    meta: { name: verb, description: `${descriptions[verb]} Arguments after -- go to pulumi.` },
    args: {
      stack: stackArg,
      provider: providerArg,
      ...(verb === "destroy" ? {} : { guardrails: guardrailsArg }),
    },
    async run({ args, rawArgs }) {
      const session = await openSandboxSession({
        log: (line) => process.stderr.write(`${line}\n`),
        provider: args.provider,
      });
      let restart: (() => Promise<void>) | undefined;
      try {
        const target = session.target(verb === "preview" ? "preview" : "up");
        await ensureStack(target, args.stack);
        refuseDamagedState(target.env["PULUMI_BACKEND_URL"], args.stack);
        const project = await projectName(target.cwd);
        if (verb !== "preview" && (await isCutOff(target, project, args.stack))) {
          const next = `Now ${verb} goes on.`;
          process.stderr.write(renderRecovery(args.stack, await recover(target, args.stack), next));
        }
        if (verb === "destroy") await refuseDestroy(session, args.stack);
        restart = verb === "destroy" ? await session.stopCloudflared?.() : undefined;
        if (restart !== undefined) {
          process.stderr.write(
            "cloudflared is stopped: Cloudflare keeps a tunnel that has live connections\n",
          );
        }
        const dashes = rawArgs.indexOf("--");
        const passed = dashes === -1 ? [] : rawArgs.slice(dashes + 1);
        const yes = verb === "preview" ? [] : ["--yes"];
        // Nothing is declared in a destroy, so there is nothing to judge.
        const guarded = verb === "destroy" || args.guardrails === false ? [] : guardrails;
        const own = [verb, "--stack", args.stack, ...yes, ...guarded];
        const code = await inherit(target.command, [...own, ...passed], target);
        const missing = missingPlugin(session.workspace);
        if (code !== 0 && missing !== undefined) throw new UserError(missing.problem, missing.remedy);
        return code;
      } finally {
        await restart?.();
        await session.close();
      }
    },
  });
}

/** What the stack would take from others is looked for before anything is removed. */
async function refuseDestroy(session: SandboxSession, stack: string): Promise<void> {
  const { resources } = await readState(session.target("preview"), stack);
  const accountId = resources
    .filter(({ type, id }) => id !== "" && (type === TYPES.tunnel || type === TYPES.identityProvider))
    .map(({ inputs }) => textOf(inputs["accountId"]))
    .find((id) => id !== undefined);
  if (accountId === undefined) return;
  const account = new AccountApi({ accountId, token: session.tokens.preview, baseUrl: session.apiUrl });
  const used = await refuseWhileUsed(new AccountSnapshot(account), stack, resources);
  for (const line of used) process.stderr.write(`${line}\n`);
}

/**
 * The engine writes straight to a terminal: its own display is the best one for it. Into a pipe it writes through this
 * process: it would end at once when the reader goes away (`… | head`), in the middle of an update, and leave its lock.
 */
function inherit(
  file: string,
  args: string[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const out = process.stdout.isTTY ? "inherit" : "pipe";
    // Ctrl-C reaches the whole group: the engine cancels in an orderly way, and this process waits for it.
    const child = guardChild(
      spawn(file, args, { ...options, stdio: ["inherit", out, process.stderr.isTTY ? "inherit" : "pipe"] }),
    );
    child.stdout?.on("data", (chunk: Buffer) => process.stdout.writable && process.stdout.write(chunk));
    child.stderr?.on("data", (chunk: Buffer) => process.stderr.writable && process.stderr.write(chunk));
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
}

export const up = command("up");
export const preview = command("preview");
export const destroy = command("destroy");
