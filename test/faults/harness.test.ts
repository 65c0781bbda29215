import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { DEFAULT_SEED, stateFromSeed } from "../../packages/sandbox/account/seed";
import type { State } from "../../packages/sandbox/account/store";
import { Between, type Call } from "../engine/faults/between";
import { FAULTS, type Fault, FaultPlayer, faultsOf, keyOf } from "../engine/faults/faults";
import { compare, remainsOf } from "../engine/faults/normal-form";
import { start } from "../engine/faults/process-tree";
import { type Row, Rows, summary } from "../engine/faults/table";

const call = (method: string, url: string, body: object = {}): Call => ({
  number: 1,
  method,
  url: `/client/v4${url}`,
  body: Buffer.from(JSON.stringify(body)),
});

describe("a call is known again in another run", () => {
  const token = "/accounts/0123456789abcdef0123456789abcdef/access/service_tokens";

  test("without ids, and with the name that it gives", () => {
    const one = call("PUT", `${token}/3319aa67-10f5-4adc-8aed-859eb03db642`, { name: "comfyui-api" });
    expect(keyOf(one)).toBe("PUT /access/service_tokens/{id} comfyui-api");
    expect(keyOf(call("GET", "/zones?name=datacrew.space"))).toBe("GET /zones?name=datacrew.space");
  });

  test("a fault meets the call that it is for, and all tries after it only when it lasts", () => {
    const post = call("POST", token, { name: "a" });
    const met = (fault: Fault) => {
      const player = new FaultPlayer(fault, { key: "POST /access/service_tokens a", nth: 2 });
      const others = [call("GET", token), call("POST", token, { name: "b" })];
      return [...others, post, post, post].map((each) => player.interfere(each) !== undefined);
    };
    expect(met("500 once")).toEqual([false, false, false, true, false]);
    expect(met("500")).toEqual([false, false, false, true, true]);
    for (const fault of FAULTS) expect(met(fault)[3], fault).toBe(true);
  });
});

test("a read commits nothing: before and after are one case", () => {
  const named = (key: string) => faultsOf({ key, nth: 1 });
  expect(named("POST /x")).toEqual(FAULTS);
  expect(FAULTS.filter((fault) => !named("GET /x").includes(fault))).toEqual([
    "dropped after",
    "dropped after, always",
    "killed unanswered",
  ]);
});

describe("between a client and the sandbox", () => {
  let server: Server;
  let done = 0;
  beforeAll(async () => {
    server = createServer((_, res) => {
      done++;
      res.end(JSON.stringify({ result: "made" }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => server.close());

  async function played(fault: Fault): Promise<{ answer: string; done: number; killed: boolean }> {
    done = 0;
    let killed = false;
    const player = new FaultPlayer(fault, { key: "POST /x", nth: 1 });
    const between = await Between.open(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
      interfere: (each) => player.interfere(each),
      kill: () => {
        killed = true;
      },
    });
    const sent = fetch(`${between.url}/client/v4/x`, { method: "POST", signal: AbortSignal.timeout(2000) });
    const answer = await sent.then(
      async (got) => `${got.status} ${await got.text()}`,
      (error: Error) => error.name,
    );
    if (fault === "killed after") await expect.poll(() => killed).toBe(true);
    between.close();
    return { answer: answer.slice(0, 20), done, killed };
  }

  test.each<[Fault, Awaited<ReturnType<typeof played>>]>([
    ["500", { answer: '500 {"result":null,"', done: 0, killed: false }],
    ["429", { answer: '429 {"result":null,"', done: 0, killed: false }],
    ["dropped before", { answer: "TypeError", done: 0, killed: false }],
    ["dropped after", { answer: "TypeError", done: 1, killed: false }],
    ["too late", { answer: "TimeoutError", done: 1, killed: false }],
    ["half an answer", { answer: '200 {"result', done: 1, killed: false }],
    ["killed before", { answer: "TypeError", done: 0, killed: true }],
    ["killed unanswered", { answer: "TypeError", done: 1, killed: true }],
    ["killed after", { answer: '200 {"result":"made"', done: 1, killed: true }],
  ])("%s", async (fault, expected) => {
    const seen = await played(fault);
    expect({ ...seen, answer: seen.answer.slice(0, 14) }).toEqual({
      ...expected,
      answer: expected.answer.slice(0, 14),
    });
  });
});

describe("what two runs left behind", () => {
  const checkpoint = (id: string, name: string, said = {}) => ({
    resources: [
      {
        urn: "urn:pulumi:dev::p::cloudflare:T::token",
        type: "cloudflare:T",
        id,
        outputs: { name },
        inputs: said,
        modified: "now",
      },
    ],
  });
  const state = (...tokens: { id: string; name: string }[]): State => {
    const initial = stateFromSeed(DEFAULT_SEED, new Date());
    const made = tokens.map((token) => ({
      ...token,
      clientSecretHash: token.id,
      createdAt: new Date().toISOString(),
    }));
    return { ...initial, serviceTokens: made as unknown as State["serviceTokens"] };
  };
  const A = "3319aa67-10f5-4adc-8aed-859eb03db642";
  const B = "921e40b5-455d-4a9e-91c2-a52dd130c321";
  const expected = remainsOf(state({ id: A, name: "api" }), checkpoint(A, "api"), ["version: 1"]);

  test("is the same but for ids, secrets and times", () => {
    const found = remainsOf(state({ id: B, name: "api" }), checkpoint(B, "api"), ["version: 2"]);
    expect(compare(expected, found)).toEqual({ extra: [], lines: [], alike: true });
  });

  test("a second object, one that is missing, and one that is other", () => {
    const twice = state({ id: A, name: "api" }, { id: B, name: "api" });
    expect(compare(expected, remainsOf(twice, checkpoint(A, "api"), ["version: 1"])).extra).toMatchObject([
      { id: B },
    ]);
    expect(compare(expected, remainsOf(state(), checkpoint(A, "api"), ["version: 1"])).lines).toHaveLength(1);
    const other = remainsOf(state({ id: A, name: "other" }), checkpoint(A, "api"), ["version: 1"]);
    expect(compare(expected, other)).toMatchObject({
      extra: [{ id: A }],
      lines: [expect.stringContaining("missing")],
    });
  });

  test("the same, of which the program said something else: a preview has to tell", () => {
    const found = remainsOf(state({ id: A, name: "api" }), checkpoint(A, "api", { more: 1 }), ["version: 1"]);
    expect(compare(expected, found)).toEqual({ extra: [], lines: [], alike: false });
  });

  test("switches that are off, which an import leaves out", () => {
    const withSwitches = (settings: object) => {
      const [resource] = checkpoint(A, "api").resources;
      return { resources: [{ ...resource, outputs: { name: "api", ...settings } } as never] };
    };
    const off = remainsOf(state(), withSwitches({ settings: { a: false, b: false } }), []);
    const on = remainsOf(state(), withSwitches({ settings: { a: false, b: true } }), []);
    const none = remainsOf(state(), withSwitches({}), []);
    expect(compare(off, none).lines).toEqual([]);
    expect(compare(on, none).lines).toHaveLength(1);
  });

  test("a state and a config that are other", () => {
    const account = state({ id: A, name: "api" });
    expect(compare(expected, remainsOf(account, checkpoint(A, "x"), ["version: 1"])).lines).toHaveLength(1);
    expect(compare(expected, remainsOf(account, {}, ["version: 1"])).lines.length).toBeGreaterThan(0);
    expect(compare(expected, remainsOf(account, checkpoint(A, "api"), ["name: x"])).lines).toHaveLength(1);
  });
});

test("a killed command takes along what it started in groups of their own", async () => {
  const dir = mkdtempSync(join(tmpdir(), "comfyui-access-started-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const started = join(dir, "started");
  const script = `setsid sleep 30 & echo $!; touch '${started}'; wait`;
  const { kill, ended } = start({ file: "sh", args: ["-c", script], cwd: "/", env: process.env });
  await expect.poll(() => existsSync(started)).toBe(true);
  kill();
  const { code, output } = await ended;
  expect(code).toBeNull();
  await expect.poll(() => alive(Number(output))).toBe(false);
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // One that is dead waits for somebody to take note of it.
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

test("rows that were written are not played again", () => {
  const dir = mkdtempSync(join(tmpdir(), "comfyui-access-rows-"));
  const file = join(dir, "rows.jsonl");
  const row: Row = {
    ...{ operation: "up", call: "POST /x", nth: 1, fault: "500", first: 1, next: 0 },
    ...{ recovered: false, orphans: [], looks: 7, versions: 0, later: false, problems: [], ms: 2500 },
  };
  new Rows(file).add(row);
  const again = new Rows(file);
  expect(again.has("up", { key: "POST /x", nth: 1 }, "500")).toBe(true);
  expect(again.has("up", { key: "POST /x", nth: 2 }, "500")).toBe(false);
  expect(summary(again.all)).toMatch(/\| up +\| +1 \| +1 \| +1 \| +1 \|/);
  rmSync(dir, { recursive: true });
});
