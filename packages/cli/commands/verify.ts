import { readFile } from "node:fs/promises";
import { parseEnv } from "node:util";
import { defineCommand } from "citty";
import { z } from "zod";
import { UserError } from "../../base/errors";
import { writeReport } from "../../base/process/report-file";
import type { Network } from "../../client/typescript/network";
import { allCommandsHere } from "../sandboxed/commands-here";
import { openSandboxSession } from "../sandboxed/session";
import { requiredAccess } from "../stack/cloudflare-access";
import { engineAccess, isSandboxed } from "../stack/engine-access";
import { parseBaseline, recordBaseline } from "../verify/neighbours";
import { showProgress } from "../verify/progress";
import { readStack } from "../verify/read-stack";
import { targetOfEnv } from "../verify/read-target";
import { toHtml, toJson, toJUnit, toTable } from "../verify/render";
import { exitCode } from "../verify/report";
import { openRequests } from "../verify/requests";
import { liveFacts, sandboxTarget } from "../verify/sandbox-target";
import { kindOf, type TargetApplication, type VerifyTarget, WHO } from "../verify/target";
import { verify } from "../verify/verify";
import { namedIn, sandboxArg, stackArg, UsageError } from "./args";
import { type Judged, judgedLine, judgedStack } from "./judged";

export const verifyCommand = defineCommand({
  meta: {
    name: "verify",
    description:
      "Try who gets what at the protected applications, and compare it with what is declared. " +
      "Exit 0: as declared, 1: something is not or nothing could be tried, 2: wrong use, " +
      "3: not decided, e.g. because the origin does not answer, 4: nothing is wrong, but some rows need a person.",
  },
  args: {
    stack: stackArg,
    sandbox: sandboxArg,
    env: {
      type: "string",
      valueHint: "file",
      description: "Verify what a .env file says, instead of a stack.",
    },
    write: {
      type: "boolean",
      description:
        "Upload a picture of one pixel; else only safe requests are made. Default: in the sandbox only.",
    },
    browser: {
      type: "boolean",
      default: true,
      description: "Log test accounts in; --no-browser leaves them open.",
    },
    people: {
      type: "string",
      valueHint: "file",
      description:
        "JSON file with test accounts: {allowed, other}, each {email, password}. Default in the sandbox: its own.",
    },
    local: {
      type: "string",
      valueHint: "[name=]url",
      description:
        "An application on this machine, by name where the stack has several. Default: its `service`, where that is on this machine.",
    },
    docker: {
      type: "string",
      valueHint: "[name=]url",
      description:
        "An application from a container beside it. Default: its `service`, where that is a container; ComfyUI's: http://comfyui:8188.",
    },
    only: {
      type: "string",
      valueHint: `${WHO.join("|")},…`,
      description: "Only these rows of the matrix.",
    },
    others: {
      type: "string",
      valueHint: "name,…",
      description: "Other host names of the tunnel, separated by commas.",
    },
    "record-baseline": {
      type: "string",
      valueHint: "file",
      description: "Write down how the other host names answer, and end.",
    },
    baseline: {
      type: "string",
      valueHint: "file",
      description: "Compare the other host names with this earlier record.",
    },
    timeout: {
      type: "string",
      valueHint: "seconds",
      default: "15",
      description: "Seconds that one request may take.",
    },
    json: { type: "boolean", default: false, description: "Report as JSON." },
    junit: {
      type: "string",
      valueHint: "file",
      description: "Also write the report to this file as JUnit XML.",
    },
    html: {
      type: "string",
      valueHint: "file",
      description: "Also write the report to this file as one HTML page with pictures.",
    },
  },
  async run({ args }) {
    const timeoutMs = seconds(args.timeout) * 1000;
    const only = args.only === undefined ? undefined : namedIn(args.only, WHO);
    const baseline =
      args.baseline === undefined ? undefined : parseBaseline(await readText(args.baseline), args.baseline);
    const opened = await openTarget(args);
    try {
      const target = await withOptions(opened.target, args);
      if (args["record-baseline"] !== undefined) {
        return await record(target, opened.network, timeoutMs, args["record-baseline"]);
      }
      const judged = await judgedOf(args);
      // At once: what follows may take minutes.
      if (!args.json) process.stdout.write(judgedLine(judged));
      const progress = showProgress(process.stderr);
      const found = await verify(target, {
        network: opened.network,
        browser: args.browser,
        write: args.write ?? opened.sandboxed,
        timeoutMs,
        only,
        baseline,
        onProgress: progress.onRow,
      });
      progress.done();
      const place = { stack: args.stack, sandboxed: opened.sandboxed };
      // Of a .env file nobody knows the stack.
      const report = args.env === undefined ? allCommandsHere(found, place) : found;
      const named = { judged, ...report };
      if (args.junit !== undefined) await writeReport(args.junit, toJUnit(report), "--junit");
      if (args.html !== undefined) await writeReport(args.html, toHtml(report), "--html");
      process.stdout.write(args.json ? toJson(named) : toTable(report));
      return exitCode(report);
    } finally {
      await opened.close();
    }
  },
});

/** Of a .env file nobody knows the stack. */
async function judgedOf(args: { stack: string; sandbox?: boolean; env?: string }): Promise<Judged> {
  return args.env === undefined ? judgedStack("live", args) : { read: "live", files: [args.env] };
}

interface Opened {
  target: VerifyTarget;
  network: Network;
  sandboxed: boolean;
  close(): Promise<void>;
}

async function openTarget(args: { stack: string; sandbox?: boolean; env?: string }): Promise<Opened> {
  const outside = { network: {}, sandboxed: false, close: async () => {} };
  if (args.env !== undefined) {
    const values = parseEnv(await readText(args.env)) as Record<string, string>;
    return { ...outside, target: targetOfEnv(values, args.env) };
  }
  if (!isSandboxed(args)) return { ...outside, target: await accountTarget(args.stack) };
  const session = await openSandboxSession({
    access: true,
    log: (line) => process.stderr.write(`${line}\n`),
  });
  try {
    session.access?.connectStacks();
    const target = await sandboxTarget(session, args.stack);
    const network = session.access?.network ?? {};
    return { target, network, sandboxed: true, close: () => session.close() };
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** A stack in a real account, with what the API tells where there is a token for it. */
async function accountTarget(stack: string): Promise<VerifyTarget> {
  const { target, state } = await readStack(await engineAccess(false), stack, `stack ${stack}`);
  if (!process.env["CLOUDFLARE_API_TOKEN"]) return target;
  return { ...target, ...(await liveFacts(requiredAccess({}), state)) };
}

const person = z.object({ email: z.string().min(3), password: z.string().min(1) });
const people = z.object({ allowed: person, other: person });

async function withOptions(
  target: VerifyTarget,
  args: { people?: string; local?: string; docker?: string; others?: string },
): Promise<VerifyTarget> {
  const others = (args.others ?? "").split(",").filter((name) => name !== "");
  const given = {
    local: givenPlace("--local", args.local, target.applications),
    docker: givenPlace("--docker", args.docker, target.applications),
  };
  return {
    ...target,
    applications: withPlaces(target.applications, given),
    otherHostnames: [...new Set([...(target.otherHostnames ?? []), ...others])],
    ...(args.people === undefined ? {} : { people: parsePeople(await readText(args.people), args.people) }),
  };
}

interface Place {
  name: string;
  url: string;
}

/** The applications with the addresses that were given, and ComfyUI's usual one in a compose network. */
function withPlaces(
  applications: readonly TargetApplication[],
  { local, docker }: { local?: Place; docker?: Place },
): TargetApplication[] {
  const comfyuis = applications.filter((application) => kindOf(application) === "comfyui");
  return applications.map((application) => {
    const { name, dockerUrl } = application;
    // With several it would be anybody's guess which of them has that name there.
    const usual = comfyuis.length === 1 && comfyuis[0] === application ? COMFYUI_IN_COMPOSE : undefined;
    return {
      ...application,
      ...(local?.name === name ? { localUrl: local.url, localRequired: true } : {}),
      dockerUrl: (docker?.name === name ? docker.url : dockerUrl) ?? usual,
    };
  });
}

const COMFYUI_IN_COMPOSE = "http://comfyui:8188";

/** What `[name=]url` says; without a name, of the only application, or the only ComfyUI. */
function givenPlace(
  option: string,
  value: string | undefined,
  applications: readonly TargetApplication[],
): Place | undefined {
  if (value === undefined) return undefined;
  const [, given, address = ""] = /^(?:([a-z0-9.-]+)=)?(.*)$/s.exec(value) ?? [];
  const url = urlOf(option, address);
  const comfyuis = applications.filter((application) => kindOf(application) === "comfyui");
  const [only, ...more] = applications.length === 1 || comfyuis.length === 0 ? applications : comfyuis;
  const names = applications.map(({ name }) => name);
  const name = given ?? (more.length === 0 ? only?.name : undefined);
  if (name !== undefined && names.includes(name)) return { name, url };
  throw new UsageError(
    given === undefined
      ? `${option} does not say for which application: there are ${names.join(", ")}`
      : `${option} names "${given}", and the applications are ${names.join(", ")}`,
    `give it as ${option} ${names[0]}=${address}`,
  );
}

function parsePeople(text: string, file: string): VerifyTarget["people"] {
  try {
    return people.parse(JSON.parse(text));
  } catch {
    // The parser's own words could quote a password.
    throw new UserError(
      `${file} does not hold test accounts`,
      "Give {allowed, other}, each {email, password}.",
    );
  }
}

async function record(
  target: VerifyTarget,
  network: Network,
  timeoutMs: number,
  file: string,
): Promise<number> {
  const hostnames = target.otherHostnames ?? [];
  if (hostnames.length === 0) {
    throw new UserError(
      "no other host name of the tunnel is known",
      "Name them with --others a.example.org,b.example.org.",
    );
  }
  const requests = openRequests(network, timeoutMs);
  try {
    const baseline = await recordBaseline(hostnames, requests, new Date());
    await writeReport(file, `${JSON.stringify(baseline, null, 2)}\n`, "--record-baseline");
    process.stdout.write(`${file}: ${hostnames.join(", ")}\n`);
    return 0;
  } finally {
    await requests.close();
  }
}

function seconds(value: string): number {
  const number = /^\d{1,3}(\.\d+)?$/.test(value) ? Number(value) : 0;
  if (number > 0 && number <= 600) return number;
  throw new UsageError(`--timeout is "${value}"`, "use a number of seconds up to 600");
}

function urlOf(option: string, value: string): string {
  if (/^https?:\/\//.test(value) && URL.canParse(value)) return value;
  throw new UsageError(`${option} is "${value}"`, "use an address such as http://localhost:8188");
}

async function readText(file: string): Promise<string> {
  return readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`could not read ${file} (${error.code})`, "Give a file that exists and may be read.");
  });
}
