import { defineCommand } from "citty";
import { runDemo } from "../demo/demo";
import { providerArg } from "./args";

export const demo = defineCommand({
  meta: { name: "demo", description: "Provision the dev stack into the sandbox and show what came of it." },
  args: {
    provider: providerArg,
    "expect-no-changes": {
      type: "boolean",
      default: false,
      description: "Fail when the stack is not as an earlier run left it.",
    },
  },
  async run({ args }) {
    return runDemo({ provider: args.provider, expectNoChanges: args["expect-no-changes"] }, process.stdout);
  },
});
