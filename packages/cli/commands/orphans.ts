import { defineCommand } from "citty";
import { runOrphans } from "../orphans/command";
import { openStack } from "../stack/open-stack";
import { sandboxArg, stackArg, UsageError } from "./args";
import { ask } from "./ask";

export const orphansCommand = defineCommand({
  meta: {
    name: "orphans",
    description:
      "Find objects in the account that look like the stack's and that its state does not know, as a lost answer " +
      "or a lost state leaves them behind, and remove those that nothing uses. " +
      "Exit 0: there are none, or none any more, 1: failed, 2: wrong use, 3: there are some.",
  },
  args: {
    stack: stackArg,
    sandbox: sandboxArg,
    remove: { type: "boolean", default: false, description: "Remove those that nothing uses, after asking." },
    yes: { type: "boolean", default: false, description: "Remove them without asking." },
    json: { type: "boolean", default: false, description: "Answer as JSON." },
  },
  async run({ args }) {
    if (args.yes && !args.remove) throw new UsageError("--yes belongs to --remove", "give both, or neither");
    const stack = await openStack(args);
    try {
      const interactive = process.stdin.isTTY && process.stdout.isTTY;
      return await runOrphans(stack, args, {
        out: (text) => void process.stdout.write(text),
        ...(interactive ? { ask: (question) => ask(`\n${question}`) } : {}),
      });
    } finally {
      await stack.close();
    }
  },
});
