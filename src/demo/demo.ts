import { join } from "node:path";
import { runEnv } from "../cli/env";
import { ApiError } from "../errors";
import { changesOf, ensureStack, mustPulumi } from "../sandboxed/pulumi";
import { openSandboxSession, type SandboxSession } from "../sandboxed/session";
import { projectDir } from "../sandboxed/workspace";
import { type InventoryItem, objectsOf, readBack, type StackExport } from "./inventory";
import { type Out, Steps, table } from "./steps";

/** Options of {@link runDemo}. */
export interface DemoOptions {
  provider: "sandbox" | "real";
  /** Fail when the first `up` changes anything: what a second run must show. */
  expectNoChanges: boolean;
}

const stack = "dev";

/**
 * Provisions the `dev` stack into the sandbox with the real engine and shows what came of it.
 *
 * @throws {UserError | ApiError} from the first step that fails.
 */
export async function runDemo(options: DemoOptions, out: Out): Promise<void> {
  const steps = new Steps(out);
  const started = performance.now();
  out.write("\nThe dev stack, provisioned by the Pulumi engine into a sandbox of Cloudflare\n\n");

  let session: SandboxSession | undefined;
  try {
    session = await steps.run("engine", async (note) => {
      const opened = await openSandboxSession({ log: note, provider: options.provider });
      const { version, origin } = opened.engine;
      const how = { installed: "installed", cached: "built earlier", built: "built now" }[origin];
      return { value: opened, summary: `pulumi ${version}, ${how}` };
    });
    await provision(session, steps, options, out);
    out.write(
      `\n  ${((performance.now() - started) / 1000).toFixed(1)} s in all.  Next: npm run sandbox (keep it running), npm run sandbox:destroy\n`,
    );
  } finally {
    await session?.close();
  }
}

async function provision(
  session: SandboxSession,
  steps: Steps,
  options: DemoOptions,
  out: Out,
): Promise<void> {
  const target = session.target("up");
  const api = { baseURL: session.apiUrl, apiToken: session.tokens.admin };

  await steps.run("sandbox", async () => {
    await ensureStack(target, stack);
    const where = session.joined ? `joined ${session.url}` : session.url;
    return { value: undefined, summary: `${where}/client/v4, stack ${stack}` };
  });

  const before = await writesSoFar(session);
  const changed = await steps.run("up", async (note) => {
    const result = await mustPulumi(
      target,
      ["up", "--stack", stack, "--yes", "--skip-preview", "--suppress-outputs"],
      {
        onLine: (line) => {
          const match = /^ [+~\-@]+ {2}(\S+) (\S+) (creat|updat|delet|replac)\w*\b/.exec(line);
          if (match && / (created|updated|deleted|replaced)\b/.test(line)) {
            note(`${match[1]?.split(":").at(-1)} ${match[2]}`);
          }
        },
      },
    );
    const changes = changesOf(result);
    const said = Object.entries(changes).map(([operation, count]) => `${count} ${operation}`);
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
    return { value: undefined, summary: `.env.${stack}: ${lines[0] ?? ""}` };
  });

  const items = await steps.run("read back", async () => {
    const exported = await mustPulumi(target, ["stack", "export", "--stack", stack]);
    const state = JSON.parse(exported.stdout) as StackExport;
    const found = await readBack(state, api);
    const all = objectsOf(state).length;
    return {
      value: found,
      summary: `${found.length} Cloudflare objects are in the account as the state says (${all} in the stack)`,
    };
  });

  await steps.run("preview", async () => {
    const result = await mustPulumi(session.target("preview"), [
      "preview",
      "--stack",
      stack,
      "--expect-no-changes",
      "--suppress-outputs",
    ]);
    return { value: result, summary: "no changes, with the API token that may only read" };
  });

  report(items, writes, out);
  const touched = Object.keys(changed).filter(
    (operation) => operation !== "unchange" && operation !== "same",
  );
  if (options.expectNoChanges && touched.length > 0) {
    throw new ApiError({
      action: "repeat",
      object: `up of ${stack} without changes`,
      detail: `it did: ${touched.join(", ")}`,
    });
  }
}

function report(items: InventoryItem[], writes: Write[], out: Out): void {
  const twice = writes.length - new Set(writes.map(({ method, path }) => `${method} ${path}`)).size;
  out.write(`\nWhat now exists\n\n`);
  for (const line of table(items.map(({ kind, name, id, detail }) => [kind, name, id, detail]))) {
    out.write(`  ${line}\n`);
  }
  out.write(`\n  ${writes.length} writes to Cloudflare's API in this run`);
  out.write(writes.length > 0 && twice === 0 ? ", none twice\n" : "\n");
}

interface Write {
  method: string;
  path: string;
}

/** Every change that the sandbox's Cloudflare API has been asked for, in order. */
async function writesSoFar(session: SandboxSession): Promise<Write[]> {
  const answer = await fetch(`${session.url}/__sandbox__/requests`);
  const requests = (await answer.json()) as Write[];
  return requests.filter(
    ({ method, path }) => path.startsWith("/client/v4/") && method !== "GET" && method !== "HEAD",
  );
}
