import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Load, startLoad } from "./rotate-load";
import { type Cut, type Ended, RotateRig } from "./rotate-rig";

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

  test("cut off at its calls in turn, the next run ends well, and a known secret passes all the time", async () => {
    const rows = cuts(undisturbed);
    console.log(`${rows.length} rows of ${undisturbed.length} calls × ${WAYS.length} ways\n${HEAD}`);
    const problems: string[] = [];
    for (const cut of rows) {
      const watch = rig.watch();
      const first = await rig.rotate(["--end", "now", "--again", "--yes"], { cut });
      const next = await rig.rotate(["--end", "now", "--yes"]);
      const { gaps, looks } = await watch.stop();
      const call = shortly(undisturbed[cut.at - 1] ?? "");
      const way = (first.output + next.output).includes("stand-in") ? "yes" : "no";
      const cells = [
        String(cut.at).padStart(2),
        call.padEnd(43),
        cut.when.padEnd(9),
        String(next.code).padEnd(4),
        String(looks).padEnd(5),
        String(gaps.length).padEnd(4),
        way,
      ];
      console.log(`  ${cells.join("  ")}`);
      const where = `call ${cut.at} ${call} ${cut.when}`;
      if (cut.when !== "lost" && first.code !== null) problems.push(`${where}: not killed\n${first.output}`);
      if (next.code !== 0) problems.push(`${where}:\n${first.output}\n${next.output}`);
      problems.push(...gaps.map((gap) => `${where}: no known secret passed ${gap}`));
      await expectSound(next);
    }
    expect(problems).toEqual([]);
  }, 14_400_000);
});

const WAYS = ["committed", "answered", "lost"] as const;
const HEAD = "  call                                             cut off    exit  looks  gaps  by stand-in";

/** Every call, each way, writes first; or those few at which the most is at stake. */
function cuts(calls: readonly string[]): Cut[] {
  if (FULL) {
    const numbers = calls.map((_, index) => index + 1);
    const isRead = (at: number) => calls[at - 1]?.startsWith("GET") ?? false;
    const ordered = [...numbers.filter((at) => !isRead(at)), ...numbers.filter(isRead)];
    return ordered.flatMap((at) => WAYS.map((when) => ({ at, when })));
  }
  const puts = calls.flatMap((call, index) => (/^PUT .*service_tokens/.test(call) ? [index + 1] : []));
  expect(puts).toHaveLength(2);
  const [raising = 0, ending = 0] = puts;
  return [
    // The new secret is lost; it is in the state, and in no sink; the old one may have ended.
    { at: raising, when: "committed" },
    { at: raising + 1, when: "committed" },
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
  return call
    .replace(/\/gcp\/v1\/projects\/[^/]+\/secrets\/[\w-]+/, "gcp secret")
    .replace(/\/client\/v4|\/accounts\/\w+|\/zones\/\w{32}/g, "")
    .replace(/[0-9a-f-]{36}/g, "{id}");
}
