import { isIP } from "node:net";
import { defineCommand } from "citty";
import { type Caller, explain } from "../../access/explain";
import type { Situation } from "../../access/situation";
import { judgeAccessTests } from "../../access/tests/judge";
import { renderAccessTests } from "../../access/tests/render";
import { UserError } from "../../base/errors";
import { parseSituation } from "../../cloudflare/read-situation";
import { renderExplanation } from "../explain/render";
import { engineAccess, isSandboxed } from "../stack/engine-access";
import { readAccessTests } from "../verify/read-access-tests";
import { sandboxArg, stackArg, UsageError } from "./args";
import { type Judged, judgedLine, readJudgedState, type StateArgs } from "./judged";

export const explainCommand = defineCommand({
  meta: {
    name: "explain",
    description:
      "Say who decides whether a caller may reach an address, and why, from the stack's state alone. " +
      "With --tests: judge the stack's accessTests on that state instead. " +
      "Exit 0: answered (1: not as --expect says, or a test fails), 2: wrong use, " +
      "3: it depends on something not stated.",
  },
  args: {
    address: {
      type: "positional",
      required: false,
      description: "Host name and path, e.g. comfyui.datacrew.space/prompt.",
    },
    tests: {
      type: "boolean",
      default: false,
      description: "Judge the accessTests of the stack's config, and nothing else.",
    },
    email: { type: "string", description: "Ask for a person who logs in with this address." },
    token: { type: "string", description: "Ask for a service token, by its name in the stack." },
    nobody: {
      type: "boolean",
      default: false,
      description: "Ask for somebody without any credential. The default.",
    },
    "login-method": {
      type: "string",
      valueHint: "id",
      description: "The identity provider used, by name or id.",
    },
    country: { type: "string", description: "Country that the request comes from, e.g. DE." },
    ip: { type: "string", description: "Address that the request comes from." },
    stack: stackArg,
    sandbox: sandboxArg,
    state: {
      type: "string",
      valueHint: "file",
      description: "A file that `pulumi stack export` wrote, instead of a stack.",
    },
    expect: {
      type: "enum",
      options: ["granted", "refused"],
      description: "Exit 1 unless this is the verdict.",
    },
    json: { type: "boolean", default: false, description: "Answer as JSON." },
  },
  async run({ args }) {
    if (args.tests === true) return judgeTests(args);
    const expected = args.expect;
    const { hostname, path } = addressOf(args.address);
    const caller = callerOf({ ...args, loginMethod: args["login-method"] });
    const { state, judged } = await readState(args);
    const explanation = explain(state, { hostname, path, caller }, new Date());
    process.stdout.write(
      args.json
        ? `${JSON.stringify({ judged, ...explanation }, null, 2)}\n`
        : judgedLine(judged) + renderExplanation(explanation),
    );
    if (explanation.verdict === "undecided") return 3;
    return expected === undefined || expected === explanation.verdict ? 0 : 1;
  },
});

async function judgeTests(args: StateArgs & { address?: string; json: boolean }): Promise<number> {
  if (args.address !== undefined) {
    throw new UsageError("--tests and an address are two questions", "give one of them");
  }
  const tests = await readAccessTests(await engineAccess(isSandboxed(args)), args.stack);
  if (tests.length === 0) {
    throw new UserError(
      `stack ${args.stack} has no access tests`,
      "List who may reach what, and who may not, in comfyui-access:accessTests.",
    );
  }
  const { state, judged } = await readState(args);
  const results = judgeAccessTests(state, tests, new Date());
  process.stdout.write(
    args.json
      ? `${JSON.stringify({ judged, tests: results }, null, 2)}\n`
      : judgedLine(judged) + renderAccessTests(results),
  );
  return results.every(({ passed }) => passed) ? 0 : 1;
}

/** Takes what people paste: with or without scheme, and a query, which Access does not look at. */
function addressOf(address: string | undefined): { hostname: string; path: string } {
  if (address === undefined) {
    throw new UsageError(
      "no address is given",
      "give a host name such as comfyui.datacrew.space, or --tests",
    );
  }
  const text = /^[a-z]+:\/\//i.test(address) ? address : `https://${address}`;
  if (!URL.canParse(text)) {
    throw new UsageError(
      `${JSON.stringify(address)} is no address`,
      "give a host name such as comfyui.datacrew.space",
    );
  }
  const { hostname, pathname } = new URL(text);
  return { hostname, path: pathname };
}

function callerOf(args: {
  email?: string;
  token?: string;
  nobody?: boolean;
  loginMethod?: string;
  country?: string;
  ip?: string;
}): Caller {
  const { email, token, nobody, loginMethod, country, ip } = args;
  if ([email, token, nobody || undefined].filter((each) => each !== undefined).length > 1) {
    throw new UsageError("more than one caller is named", "give one of --email, --token and --nobody");
  }
  if (loginMethod !== undefined && email === undefined) {
    throw new UsageError("--login-method belongs to a person", "give --email too");
  }
  if (email !== undefined && !/^[^@\s]+@[^@\s]+$/.test(email)) {
    throw new UsageError(`--email is "${email}"`, "give one address such as artist@datacrew.space");
  }
  if (country !== undefined && !/^[a-z]{2}$/i.test(country)) {
    throw new UsageError(`--country is "${country}"`, "give a code of two letters such as DE");
  }
  if (ip !== undefined && isIP(ip) === 0) {
    throw new UsageError(`--ip is "${ip}"`, "give an IPv4 or IPv6 address");
  }
  const circumstances = { country: country?.toUpperCase(), ip };
  if (email !== undefined) return { email, loginMethod, ...circumstances };
  return token === undefined ? { nobody: true, ...circumstances } : { token, ...circumstances };
}

async function readState(args: StateArgs): Promise<{ state: Situation; judged: Judged }> {
  const { text, where, judged } = await readJudgedState(args);
  return { state: parseSituation(text, where), judged };
}
