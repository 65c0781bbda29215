import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { cliCommand } from "../engine/faults/operations";
import { start } from "../engine/faults/process-tree";

/** Says that it is an engine, and tells of each call with what it was called. */
const ENGINE = `#!/bin/sh
if [ "$1" = version ]; then echo v3.259.0; exit 0; fi
{ printf '%s\\n' "$1" "\${PULUMI_DEBUG_PROVIDERS-}" "\${CLOUDFLARE_BASE_URL-}" "\${PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION-}" "\${PULUMI_HOME-}" "\${PULUMI_BACKEND_URL-}"; } | tr '\\n' '\\t' >>"$RECORD"
echo >>"$RECORD"
echo "error: this is no engine" >&2
exit 1
`;

interface Call {
  verb: string;
  attached: string[];
  baseUrl: string;
  /** Whether the engine may fetch a plugin. */
  fetches: boolean;
  home: string;
  backend: string;
}

let dir: string;
let record: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "comfyui-access-provider-"));
  record = join(dir, "calls");
  mkdirSync(join(dir, "bin"));
  mkdirSync(join(dir, "theirs", "plugins"), { recursive: true });
  // The plugin too, since a choice is kept only of one that is installed.
  for (const name of ["pulumi", "pulumi-language-nodejs", "pulumi-resource-cloudflare"]) {
    writeFileSync(join(dir, "bin", name), ENGINE);
    chmodSync(join(dir, "bin", name), 0o755);
  }
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));
beforeEach(() => writeFileSync(record, ""));

/** Runs one command, and gives the calls of the engine that it made until that failed. */
async function callsOf(...args: string[]): Promise<Call[]> {
  writeFileSync(record, "");
  const command = cliCommand(args, dir);
  const { ended } = start({
    ...command,
    env: {
      ...command.env,
      PATH: `${join(dir, "bin")}:${command.env?.["PATH"]}`,
      RECORD: record,
      PULUMI_HOME: join(dir, "theirs"),
      XDG_CACHE_HOME: join(dir, "cache"),
    },
  });
  const { output } = await ended;
  const calls = readFileSync(record, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line): Call => {
      const [verb = "", attached = "", baseUrl = "", noFetch = "", home = "", backend = ""] =
        line.split("\t");
      const names = attached.split(",").flatMap((each) => each.split(":")[0] || []);
      return { verb, attached: names, baseUrl, fetches: noFetch === "", home, backend };
    });
  expect(calls.length, output).toBeGreaterThan(0);
  return calls;
}

/** Those with the sandbox's account at hand, and those that only read Pulumi's own files. */
const WITH_ACCOUNT = [
  ["rotate", "--status"],
  ["adopt"],
  ["drift", "--no-probe"],
  ["doctor"],
  ["verify", "--no-browser"],
  ["env", "--to", "gcp"],
  ["recover"],
  ["access-diff"],
  ["orphans"],
  ["preview"],
  ["destroy"],
];
const READING = [
  ["env"],
  ["explain", "comfyui.datacrew.space", "--email", "a@datacrew.space"],
  ["guardrails"],
];

test("R4: the provider that a stack was brought up with is every later command's, until another is chosen", async () => {
  for (const { attached, baseUrl } of await callsOf("up")) {
    expect(attached.sort()).toEqual(["cloudflare", "gcp", "random"]);
    expect(baseUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/client\/v4$/);
  }
  for (const args of [["up", "--provider", "real"], ...WITH_ACCOUNT]) {
    for (const call of await callsOf(...args)) {
      expect([args, call.attached.sort()]).toEqual([args, ["gcp", "random"]]);
      expect([args, call.fetches]).toEqual([args, true]);
      expect(call.baseUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/client\/v4$/);
      expect(call.backend).toBe(`file://${join(dir, "state")}?metadata=skip`);
      expect(readlinkSync(join(call.home, "plugins"))).toBe(join(dir, "theirs", "plugins"));
    }
  }
  for (const args of READING) {
    for (const { fetches, backend } of await callsOf(...args)) {
      expect([args, fetches]).toEqual([args, true]);
      expect(backend).toBe(`file://${join(dir, "state")}?metadata=skip`);
    }
  }
  // And back: the same state, the other provider.
  for (const args of [["preview", "--provider", "sandbox"], ["rotate", "--status"], ["adopt"]]) {
    for (const call of await callsOf(...args)) {
      expect([args, call.attached.sort()]).toEqual([args, ["cloudflare", "gcp", "random"]]);
      expect([args, call.fetches]).toEqual([args, false]);
      expect(call.backend).toBe(`file://${join(dir, "state")}?metadata=skip`);
    }
  }
}, 240_000);
