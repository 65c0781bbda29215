import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Load, startLoad } from "./rotate-load";
import { type Ended, type Kill, RotateRig } from "./rotate-rig";

const ACCOUNT = "/accounts/0123456789abcdef0123456789abcdef";
const FULL = process.env["FULL_TABLES"] === "1";

let rig: RotateRig;
/** What an undisturbed rotation that ends the old secret calls. */
let undisturbed: string[];

beforeAll(async () => {
  rig = await RotateRig.open();
});

afterAll(() => rig?.close());

// One stack lives through these tests, in their order: each rotation starts from what the one before left.
describe("rotate", () => {
  test("under 50 requests a second with the old and with the new secret, none fails", async () => {
    const [old] = rig.inState();
    if (old === undefined) throw new Error("the state has no token");
    const network = rig.rig.session.access?.network ?? {};
    const loads: Load[] = [startLoad(old, network)];
    const watch = setInterval(() => {
      const fresh = rig.known().find(({ clientSecret }) => clientSecret !== old.clientSecret);
      if (fresh !== undefined && loads.length === 1) loads.push(startLoad(fresh, network));
    }, 50);
    const ended = await rig.rotate(["--end", "now", "--yes"]);
    clearInterval(watch);
    const counts = await Promise.all(loads.map((load) => load.stop()));

    expect(ended.code, ended.output).toBe(0);
    const [before, after] = counts;
    console.log(
      `under load: ${before?.sent} requests with the old secret, ${after?.sent} with the new one, ` +
        `${counts.reduce((sum, { failed }) => sum + failed.length, 0)} failed, ${undisturbed?.length ?? ended.calls.length} API calls`,
    );
    expect(counts.flatMap(({ failed }) => failed)).toEqual([]);
    expect(before?.sent).toBeGreaterThan(50);
    expect(after?.sent).toBeGreaterThan(50);
    undisturbed = ended.calls;

    expect(rig.inSink()).toEqual(rig.inState());
    await moveClock(60);
    expect(await rig.onePasses([old])).toBe(false);
    expect(await rig.onePasses(rig.inSink())).toBe(true);
  });

  test("a second run does nothing", async () => {
    const { code, output, calls } = await rig.rotate(["--yes", "--when-older-than", "1h"]);
    expect(code, output).toBe(0);
    expect(output).toContain("not due");
    expect(calls).toEqual([]);
  });

  test("an answer that is lost while the engine lives is noticed in the same run", async () => {
    const watch = rig.watch();
    const ended = await rig.rotate(["--end", "now", "--again", "--yes"], { lose: /^PUT .*service_tokens/ });
    const { gaps, looks } = await watch.stop();
    console.log(`answer lost: exit ${ended.code}, ${looks} looks, ${gaps.length} without a known secret`);
    expect(ended.code, ended.output).toBe(0);
    expect(ended.output).toContain("the answer with the newest secret was lost");
    expect(gaps).toEqual([]);
    await expectSound(ended);
  });

  test("killed at its calls in turn, the next run ends well, and a known secret passes all the time", async () => {
    const table = [
      "  call                                             killed     exit  looks  gaps  by stand-in",
    ];
    const problems: string[] = [];
    for (const kill of kills(undisturbed)) {
      const watch = rig.watch();
      const killed = await rig.rotate(["--end", "now", "--again", "--yes"], { kill });
      const next = await rig.rotate(["--end", "now", "--yes"]);
      const { gaps, looks } = await watch.stop();
      const call = shortly(undisturbed[kill.at - 1] ?? "");
      table.push(
        `  ${String(kill.at).padStart(2)} ${call.padEnd(45)} ${kill.when.padEnd(9)}  ${String(next.code).padEnd(4)}  ` +
          `${String(looks).padEnd(5)}  ${String(gaps.length).padEnd(4)}  ${next.output.includes("stand-in") ? "yes" : "no"}`,
      );
      if (FULL) console.log(table.at(-1));
      if (killed.code !== null) problems.push(`call ${kill.at} ${call}: not killed\n${killed.output}`);
      if (next.code !== 0) problems.push(`call ${kill.at} ${call}:\n${killed.output}\n${next.output}`);
      problems.push(...gaps.map((gap) => `call ${kill.at} ${kill.when}: no known secret passed ${gap}`));
      await expectSound(next);
    }
    console.log(table.join("\n"));
    expect(problems).toEqual([]);
  }, 7_200_000);
});

/** Every call, each way, or those few at which the most is at stake. */
function kills(calls: readonly string[]): Kill[] {
  if (FULL)
    return calls.flatMap((_, index) =>
      (["committed", "answered"] as const).map((when) => ({ at: index + 1, when })),
    );
  const puts = calls.flatMap((call, index) => (/^PUT .*service_tokens/.test(call) ? [index + 1] : []));
  expect(puts).toHaveLength(2);
  const [raising = 0, ending = 0] = puts;
  return [
    { at: raising, when: "committed" },
    { at: raising, when: "answered" },
    { at: ending, when: "committed" },
  ];
}

/** The stack is as a rotation leaves it: one token, known, in the sink, and nothing pending. */
async function expectSound({ output }: Ended): Promise<void> {
  expect(rig.inState(), output).toHaveLength(1);
  expect(rig.inSink(), output).toEqual(rig.inState());
  expect(await rig.onePasses(rig.inSink()), output).toBe(true);
  const policies = await rig.rig.api<{ name: string; include: unknown[] }[]>(
    "GET",
    `${ACCOUNT}/access/policies`,
  );
  expect(policies.find(({ name }) => name === "comfyui-service-token")?.include).toHaveLength(1);
  const preview = await rig.rig.run(["preview", "--expect-no-changes"], { as: "preview" });
  expect(preview.code, preview.stdout).toBe(0);
  expect(preview.stdout + preview.stderr).not.toMatch(/pending/);
}

async function moveClock(advanceSeconds: number): Promise<void> {
  const answer = await fetch(`${rig.rig.session.url}/__sandbox__/clock`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ advanceSeconds }),
  });
  expect(answer.status).toBe(200);
}

function shortly(call: string): string {
  return call.replace(/\/client\/v4|\/accounts\/\w+|\/zones\/\w{32}/g, "").replace(/[0-9a-f-]{36}/g, "{id}");
}
