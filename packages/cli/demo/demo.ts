import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { parseEnv } from "node:util";
import { ApiError } from "../../base/errors";
import { writeReport } from "../../base/process/report-file";
import { runEnv } from "../commands/env";
import { allCommandsHere } from "../sandboxed/commands-here";
import { changesOf, ensureStack, guardrails, mustPulumi } from "../sandboxed/pulumi";
import { openSandboxSession, type SandboxSession } from "../sandboxed/session";
import { projectDir } from "../sandboxed/workspace";
import { toHtml, toTable } from "../verify/render";
import { exitCode, type VerifyReport } from "../verify/report";
import { sandboxTarget } from "../verify/sandbox-target";
import { verify } from "../verify/verify";
import { type InventoryItem, objectsOf, readBack, type StackExport } from "./inventory";
import { type Out, Steps, table } from "./steps";

/** Options of {@link runDemo}. */
export interface DemoOptions {
  provider?: "sandbox" | "real";
  /** Fail when the first `up` changes anything: what a second run must show. */
  expectNoChanges: boolean;
}

const stack = "dev";

/**
 * Provisions the `dev` stack into the sandbox with the real engine, shows what came of it, and proves who gets
 * what: with a script, in a browser, and around Access.
 *
 * @returns the exit code: 0 when everything answered as declared.
 * @throws {UserError | ApiError} from the first step that fails.
 */
export async function runDemo(options: DemoOptions, out: Out): Promise<number> {
  const steps = new Steps(out);
  const started = performance.now();
  out.write("\nThe dev stack, provisioned by the Pulumi engine into a sandbox of Cloudflare\n\n");

  let session: SandboxSession | undefined;
  try {
    session = await steps.run("engine", async (note) => {
      const opened = await openSandboxSession({
        log: note,
        provider: options.provider,
        access: true,
      });
      const { version, origin } = opened.engine;
      const how = { installed: "installed", cached: "built earlier", built: "built now" }[origin];
      return { value: opened, summary: `pulumi ${version}, ${how}` };
    });
    const shown = await provision(session, steps, options);
    const report = allCommandsHere(await prove(session, steps, out), { stack, sandboxed: true });
    const total = ((performance.now() - started) / 1000).toFixed(1);
    out.write(`\n  ${total} s in all, ${writesIn(shown.writes)}.\n`);
    out.write(
      "  Next: npm run sandbox keeps it running for play, npm run sandbox:destroy takes it all away.\n",
    );
    out.write("\nWhat now exists\n\n");
    for (const line of table(shown.items.map(({ kind, name, id, detail }) => [kind, name, id, detail]))) {
      out.write(`  ${line}\n`);
    }
    out.write(`\n${toTable(report)}`);
    return exitCode(report);
  } finally {
    await session?.close();
  }
}

async function provision(
  session: SandboxSession,
  steps: Steps,
  options: DemoOptions,
): Promise<{ items: InventoryItem[]; writes: Write[] }> {
  const target = session.target("up");
  const api = { baseURL: session.apiUrl, apiToken: session.tokens.admin, googleUrl: `${session.url}/gcp` };

  await steps.run("sandbox", async () => {
    await ensureStack(target, stack);
    const where = session.joined ? `joined ${session.url}` : session.url;
    return { value: undefined, summary: `${where}/client/v4, stack ${stack}` };
  });

  const before = await writesSoFar(session);
  const changed = await steps.run("up", async (note) => {
    const result = await mustPulumi(
      target,
      ["up", "--stack", stack, "--yes", "--skip-preview", "--suppress-outputs", ...guardrails],
      {
        onLine: (line) => {
          const match = /^ [+~\-@]+ {2}(\S+) (\S+) (creat|updat|delet|replac)\w*\b/.exec(line);
          if (
            match?.[1] !== "pulumi:pulumi:Stack" &&
            match &&
            / (created|updated|deleted|replaced)\b/.test(line)
          ) {
            note(`${match[1]?.split(":").at(-1)} ${match[2]}`);
          }
        },
      },
    );
    const changes = changesOf(result);
    const said = Object.entries(changes).map(([operation, count]) => `${count} ${operation}d`);
    return { value: changes, summary: said.join(", ") || "nothing to do" };
  });
  const writes = (await writesSoFar(session)).slice(before.length);

  const envFile = join(projectDir, `.env.${stack}`);
  await steps.run("env", async () => {
    const lines: string[] = [];
    const code = await runEnv(
      { stack, to: "file", file: envFile, check: false, json: false, pulumi: target },
      { out: (line) => lines.push(line), err: (line) => lines.push(line) },
    );
    if (code !== 0) throw new ApiError({ action: "write", object: envFile, detail: lines.join("\n") });
    return { value: undefined, summary: (lines[0] ?? "").replace(`${projectDir}/`, "") };
  });

  await steps.run("cloudflared", async () => {
    const { TUNNEL_TOKEN } = parseEnv(await readFile(envFile, "utf8"));
    if (TUNNEL_TOKEN === undefined) {
      throw new ApiError({ action: "read", object: envFile, detail: "it has no TUNNEL_TOKEN" });
    }
    session.access?.connect(TUNNEL_TOKEN);
    return { value: undefined, summary: `connected with the TUNNEL_TOKEN of .env.${stack}` };
  });

  const items = await steps.run("read back", async () => {
    const exported = await mustPulumi(target, ["stack", "export", "--stack", stack]);
    const state = JSON.parse(exported.stdout) as StackExport;
    const found = await readBack(state, api);
    const all = objectsOf(state).length;
    return {
      value: found,
      summary: `${found.length} of the stack's ${all} objects looked up: all are there`,
    };
  });

  await steps.run("preview", async () => {
    const result = await mustPulumi(session.target("preview"), [
      "preview",
      "--stack",
      stack,
      "--expect-no-changes",
      "--suppress-outputs",
      ...guardrails,
    ]);
    return {
      value: result,
      summary: "no changes, every guardrail holds, with a read-only API token",
    };
  });

  const touched = Object.keys(changed).filter((operation) => operation !== "unchange");
  if (options.expectNoChanges && touched.length > 0) {
    throw new ApiError({
      action: "repeat",
      object: `up of ${stack} without changes`,
      detail: `it did: ${touched.join(", ")}`,
    });
  }
  return { items, writes };
}

/** Tries who gets what, and around it. */
async function prove(session: SandboxSession, steps: Steps, out: Out): Promise<VerifyReport> {
  return steps.run("verify", async (note) => {
    const report = await verify(await sandboxTarget(session, stack), {
      network: session.access?.network,
      write: true,
      // More than fifty lines where none can take the place of the last.
      onProgress: (row) => out.isTTY === true && note(`${row.who}: ${row.what}`),
    });
    const file = join(session.workspace.dir, "verify.html");
    await writeReport(file, toHtml(report));
    const where = `Report with pictures: ${relative(process.cwd(), file)}`;
    return { value: report, summary: report.summary.verdict, lines: [where] };
  });
}

/** `3 writes to Cloudflare's API, none twice`; names what was written twice, if anything. */
function writesIn(writes: Write[]): string {
  const seen = new Set<string>();
  const twice = writes
    .map(({ method, path, body }) => `${method} ${path} ${JSON.stringify(body)}`)
    .filter((write) => {
      const again = seen.has(write);
      seen.add(write);
      return again;
    });
  const count = `${writes.length} write${writes.length === 1 ? "" : "s"} to Cloudflare's API`;
  if (writes.length === 0) return count;
  return twice.length === 0 ? `${count}, none twice` : `${count}, and twice: ${twice.join(", ")}`;
}

interface Write {
  method: string;
  path: string;
  /** With secrets masked. */
  body?: unknown;
}

/** Every change that the sandbox's Cloudflare API has been asked for, in order. */
async function writesSoFar(session: SandboxSession): Promise<Write[]> {
  const answer = await fetch(`${session.url}/__sandbox__/requests`);
  const requests = (await answer.json()) as Write[];
  return requests.filter(
    ({ method, path }) => path.startsWith("/client/v4/") && method !== "GET" && method !== "HEAD",
  );
}
