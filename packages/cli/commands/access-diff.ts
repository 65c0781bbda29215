import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { defineCommand } from "citty";
import { UserError } from "../../base/errors";
import { endlessAsText } from "../../base/json-values";
import { resourcesOf } from "../../cloudflare/read-situation";
import { type AccessDiff, accessDiff } from "../access-diff/access-diff";
import type { Fact } from "../access-diff/fact";
import { maskAddresses } from "../access-diff/mask";
import { type Comparison, comparePreview, compareResources, PREVIEW_CALL } from "../access-diff/preview";
import { asJson, escaped, renderMarkdown, renderText } from "../access-diff/report";
import {
  type ComparedPlaces,
  READERS,
  readSecretPlaces,
  secretPlaceFacts,
} from "../access-diff/secret-places";
import { needsOf, sectionsOf } from "../access-diff/sections";
import { pulumi } from "../engine/pulumi";
import { ensureStack } from "../sandboxed/pulumi";
import { openSandboxSession } from "../sandboxed/session";
import type { EngineAccess } from "../secrets/engine-cli";
import { engineAccess, isSandboxed } from "../stack/engine-access";
import { sandboxArg, stackArg, UsageError } from "./args";
import { type Judged, judgedFile, judgedLine, judgedStack } from "./judged";
import { mustBeOneForm, reportOptions } from "./report-options";

const EXIT = { done: 0, widening: 3, notJudged: 4 } as const;

/** Keys the masked names and the hash, so that neither can be undone by trying a list of addresses. */
const SALT = "ACCESS_DIFF_SALT";

export const accessDiffCommand = defineCommand({
  meta: {
    name: "access-diff",
    description:
      "Say who gains and who loses access, where traffic and secrets go, how long credentials count, and what of it is " +
      "not judged, each in a section with its own verdict: by a preview of the stack, a saved one, or between two " +
      "exported states; the live account is not read. Exit 0: nothing that somebody has to agree to, 1: failed, " +
      "2: wrong use, 3: one of the sections widens or moves, 4: something is not judged or not decided. " +
      `E-mail addresses are masked in Markdown unless --no-mask. ${SALT} in the environment keeps the masked names ` +
      "and the hash the same from run to run; without it, the names hold for one report and a masked one has no hash.",
  },
  args: {
    stack: stackArg,
    sandbox: sandboxArg,
    preview: {
      type: "string",
      valueHint: "file",
      description: "A file that `pulumi preview --json --show-sames` wrote, instead of a stack.",
    },
    places: {
      type: "string",
      valueHint: "file",
      description:
        "With --preview: where secrets go, before and after, as JSON that the review's own script writes.",
    },
    from: {
      type: "string",
      valueHint: "file",
      description: "A file that `pulumi stack export` wrote: how it is. With --to.",
    },
    to: {
      type: "string",
      valueHint: "file",
      description: "A file that `pulumi stack export` wrote: how it will be. With --from.",
    },
    "allow-widening": {
      type: "boolean",
      default: false,
      description: "Agree to what widens or moves: it alone no longer ends with 3.",
    },
    "allow-not-judged": {
      type: "boolean",
      default: false,
      description: "Agree to what is not judged, as it is listed: it alone no longer ends with 4.",
    },
    ...reportOptions,
  },
  async run({ args }) {
    mustBeOneForm(args);
    const { judged, ...compared } = await comparison(args);
    const { before, after, undecided, facts } = compared;
    const salt = process.env[SALT] || undefined;
    const diff = accessDiff(before, after, { undecided, salt, facts });
    const isMasked = args.mask ?? args.markdown;
    const shown = isMasked ? masked(diff, salt) : diff;
    const { backend: _, ...elsewhere } = judged;
    // A masked report is for others, whom the place of the state does not concern.
    const named = isMasked ? elsewhere : judged;
    const line = judgedLine(named);
    process.stdout.write(
      args.json
        ? `${JSON.stringify({ judged: named, ...asJson(shown) }, endlessAsText, 2)}\n`
        : args.markdown
          ? `${escaped(line)}\n${renderMarkdown(shown)}`
          : line + renderText(shown),
    );
    const needs = needsOf(sectionsOf(diff));
    if (needs.notJudged && !args["allow-not-judged"]) return EXIT.notJudged;
    return needs.widening && !args["allow-widening"] ? EXIT.widening : EXIT.done;
  },
});

/** A hash without a key of its own would let somebody try which addresses give it. */
function masked(diff: AccessDiff, salt: string | undefined): AccessDiff {
  return salt === undefined
    ? { ...maskAddresses(diff, randomBytes(16).toString("hex")), hash: undefined }
    : maskAddresses(diff, salt);
}

interface Source {
  stack: string;
  sandbox?: boolean;
  preview?: string;
  places?: string;
  from?: string;
  to?: string;
}

async function comparison(args: Source): Promise<Comparison & { judged: Judged }> {
  const { from, to, preview, places } = args;
  if (places !== undefined && preview === undefined) {
    throw new UsageError("--places belongs to --preview", "give both");
  }
  if ((from === undefined) !== (to === undefined)) {
    throw new UsageError("--from and --to belong together", "give both");
  }
  if (from !== undefined && to !== undefined) {
    if (preview !== undefined) throw new UsageError("a preview and two states", "give one or the other");
    const [before, after] = [await readText(from), await readText(to)];
    const { asOf } = judgedFile(to, after);
    const judged: Judged = { read: "state", files: [from, to], ...(asOf === undefined ? {} : { asOf }) };
    return { ...compareResources(resourcesOf(before, from), resourcesOf(after, to)), judged };
  }
  if (preview !== undefined) {
    const compared = comparePreview(await readText(preview), preview);
    const judged: Judged = { read: "plan", files: [preview] };
    return { ...(places === undefined ? compared : withPlaces(compared, await readPlaces(places))), judged };
  }
  const { text, secrets, judged } = await previewOf(args);
  return { ...withPlaces(comparePreview(text, `the preview of stack ${args.stack}`), secrets), judged };
}

/** With what the config says of secrets; the engine's own providers may say the same once more. */
function withPlaces(compared: Comparison, { before, after, undecided }: ComparedPlaces): Comparison {
  const further = secretPlaceFacts(before, after).filter(
    (said) => !compared.facts.some((fact) => fact.text === said.text || isGrantOf(said, fact)),
  );
  return {
    ...compared,
    undecided: [...compared.undecided, ...undecided],
    facts: [...compared.facts, ...further],
  };
}

/** Whether a reader that the config names is told already by what the plan grants it. */
const isGrantOf = (said: Fact, fact: Fact): boolean =>
  said.about === READERS &&
  fact.kind === "secret readers" &&
  fact.effect === said.effect &&
  fact.about === said.detail;

async function readPlaces(file: string): Promise<ComparedPlaces> {
  try {
    return JSON.parse(await readText(file)) as ComparedPlaces;
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${file} is not JSON`, "Leave --places to the review's own script.");
  }
}

async function readText(path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`could not read ${path} (${error.code})`, "Give a file that pulumi wrote.");
  });
}

/** What the working tree would change of a stack as it is deployed. */
async function previewOf(args: Source): Promise<{ text: string; secrets: ComparedPlaces; judged: Judged }> {
  const call = [...PREVIEW_CALL, "--stack", args.stack];
  const read = async (engine: EngineAccess) => {
    const preview = pulumi(engine, call);
    const others = Promise.all([readSecretPlaces(engine, args.stack), judgedStack("plan", args)]);
    // Should both fail, what the preview says comes first.
    others.catch(() => undefined);
    const text = jsonOf(await preview, args.stack);
    const [secrets, judged] = await others;
    return { text, secrets, judged };
  };
  if (!isSandboxed(args)) return read(await engineAccess(false));
  const session = await openSandboxSession({ log: (line) => process.stderr.write(`${line}\n`) });
  try {
    const target = session.target("preview");
    await ensureStack(target, args.stack);
    return await read(target);
  } finally {
    await session.close();
  }
}

/** A preview that failed says why in its JSON, where it got as far as that. */
function jsonOf({ code, stdout, stderr }: Awaited<ReturnType<typeof pulumi>>, stack: string): string {
  if (code === 0 || stdout.trimStart().startsWith("{")) return stdout;
  throw new UserError(`the preview of stack ${stack} failed: ${stderr.trim()}`, "Mend what it says first.");
}
