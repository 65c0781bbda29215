import { defineCommand } from "citty";
import { recover, renderRecovery } from "../recover/recover";
import { commandsHere } from "../sandboxed/commands-here";
import { inSandbox } from "../sandboxed/stack-session";
import { engineAccess, isSandboxed } from "../stack/engine-access";
import { sandboxArg, stackArg } from "./args";

export const recoverCommand = defineCommand({
  meta: {
    name: "recover",
    description:
      "Make a stack usable after a run that was cut off: its lock and what it had begun are cleared. " +
      "Exit 0: done, or nothing was cut off, 1: failed, or another run goes on, 2: wrong use.",
  },
  args: {
    stack: stackArg,
    sandbox: sandboxArg,
    json: { type: "boolean", default: false, description: "Answer as JSON." },
  },
  async run({ args }) {
    const { stack, json } = args;
    const place = { stack, sandboxed: isSandboxed(args) };
    const done = place.sandboxed
      ? await inSandbox(stack, { access: false }, async (session) => {
          const recovery = await recover(session.target("up"), stack);
          await session.close();
          return recovery;
        })
      : await recover(await engineAccess(false), stack);
    const next = commandsHere(
      `Run it again: \`pulumi up\`. What it may have left behind: npm run cli -- orphans --stack ${stack}`,
      place,
    );
    process.stdout.write(
      json ? `${JSON.stringify({ stack, ...done }, null, 2)}\n` : renderRecovery(stack, done, next),
    );
    return 0;
  },
});
