import { resolve } from "node:path";
import { defineCommand } from "citty";
import { adopt, readPlan, writePlannedConfig } from "../adopt/adopt";
import { openAdoption } from "../adopt/open";
import { isDone, type Plan } from "../adopt/plan";
import { adviceHere, proofText, toText } from "../adopt/render";
import { type Choices, TAKE_WORDS } from "../adopt/types";
import { isSandboxed } from "../stack/engine-access";
import { sandboxArg, stackArg, UsageError } from "./args";
import { ask } from "./ask";

const TO_ADOPT = 3;

export const adoptCommand = defineCommand({
  meta: {
    name: "adopt",
    description:
      "Find what the account has for a stack already, and show how it would be taken over and what the next up " +
      "then changes. Changes nothing without --apply. " +
      "Exit 0: nothing left to adopt, or done, 1: failed, 2: wrong use, 3: there is something to adopt.",
  },
  args: {
    stack: stackArg,
    sandbox: sandboxArg,
    "config-file": { type: "string", description: "The stack's config file. Default: Pulumi.<stack>.yaml." },
    apply: {
      type: "boolean",
      default: false,
      description: "Do it, after asking: write the config, import into the state, and prove it by a preview.",
    },
    write: { type: "boolean", default: false, description: "Only write the config that is found." },
    yes: { type: "boolean", default: false, description: "With --apply: do not ask." },
    "convert-inline": {
      type: "boolean",
      default: false,
      description: "Consent to making an application's inline policies reusable, which cannot be undone.",
    },
    take: {
      type: "string",
      valueHint: "kind:id,…",
      description: `Also take what others use: ${Object.values(TAKE_WORDS).join(", ")}, each with its id.`,
    },
    idp: {
      type: "string",
      valueHint: "id",
      description: "The Google login to use, where there are several.",
    },
    json: { type: "boolean", default: false, description: "Report as JSON." },
  },
  async run({ args }) {
    const choices: Choices = {
      take: takes(args.take),
      convertInline: args["convert-inline"],
      ...(args.idp === undefined ? {} : { identityProvider: args.idp }),
    };
    if (args.apply && args.write) throw new UsageError("--apply writes the config too", "leave out --write");
    if (args.apply && !args.yes && (args.json || !process.stdin.isTTY)) {
      throw new UsageError("--apply asks first, and there is nobody to answer", "add --yes");
    }
    const file = args["config-file"];
    const open = await openAdoption({ ...args, configFile: file === undefined ? undefined : resolve(file) });
    const here = (plan: Plan) => adviceHere(plan, { stack: args.stack, sandboxed: isSandboxed(args) });
    const show = (plan: Plan) => {
      const { project, stack } = open;
      return toText(here(plan), open.environment, { accountId: plan.config.accountId, project, stack });
    };
    try {
      if (!args.apply) {
        const plan = await readPlan(open, choices);
        if (args.write) await writePlannedConfig(open, plan);
        process.stdout.write(args.json ? `${JSON.stringify(report(here(plan)), null, 2)}\n` : show(plan));
        return isDone(plan) ? 0 : TO_ADOPT;
      }
      const { plan, proof } = await adopt(open, {
        choices,
        log: (line) => void process.stderr.write(`${line}\n`),
        async confirm(plan) {
          if (!args.json) process.stdout.write(`${show(plan)}\n`);
          return args.yes || (await ask("Adopt this? [y/N] "));
        },
      });
      if (args.json) process.stdout.write(`${JSON.stringify({ ...report(here(plan)), proof }, null, 2)}\n`);
      else
        process.stdout.write(proof === undefined ? "Nothing was changed.\n" : proofText(proof, args.stack));
      return proof === undefined ? TO_ADOPT : 0;
    } finally {
      await open.close();
    }
  },
});

/** The plan as programs read it; without the config's secrets, which no part of it holds. */
function report({ rows, decisions, unreadable, notes, configChanges }: Plan) {
  const objects = rows.map(({ kind, name, id, how, why, importId, changes }) => {
    const fields = changes.map(({ field, now, next }) => ({ field, now: now ?? null, next: next ?? null }));
    return { kind, name, id, how, why, importId, changes: fields };
  });
  return { objects, decisions, unreadable, notes, config: configChanges };
}

function takes(value: string | undefined): ReadonlySet<string> {
  const words: readonly string[] = Object.values(TAKE_WORDS);
  const list = (value ?? "").split(",").filter((each) => each !== "");
  for (const each of list) {
    const [word = "", id = ""] = each.split(":");
    if (word === "tunnel") {
      throw new UsageError(
        "a tunnel is not taken over: its secret would change, and with it every cloudflared be cut off",
        "leave it out; the stack uses the tunnel by its id",
      );
    }
    if (!words.includes(word) || !/^[0-9a-f-]{32,36}$/i.test(id)) {
      throw new UsageError(`--take is "${each}"`, `use <kind>:<id> with a kind of ${words.join(", ")}`);
    }
  }
  return new Set(list);
}
