import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { audit } from "../../packages/cli/audit/audit";
import { collect } from "../../packages/cli/audit/collect";
import { wordsOf } from "../../packages/cli/audit/origin";
import { toJson, toMarkdown } from "../../packages/cli/audit/render";
import type { AuditFile, Finding } from "../../packages/cli/audit/types";
import { EXPECTED } from "./expected-findings";

const HOSTNAME = "comfyui.datacrew.space";
let files: AuditFile[] = [];

beforeAll(async () => {
  ({ files } = await collect(join(__dirname, "samples"), 1_000_000));
});

test("finds in every sample what a careful reader finds, and nothing else", async () => {
  const found: Record<string, string[]> = {};
  for (const finding of (await audit(files, HOSTNAME)).findings) {
    found[finding.path] = [...(found[finding.path] ?? []), inShort(finding)];
  }
  expect(found).toEqual(EXPECTED);
});

test("reads every sample, and those that hold no use too, so that they prove something", async () => {
  expect((await audit(files, HOSTNAME)).skipped).toEqual([]);
  const silent = files.map(({ path }) => path).filter((path) => EXPECTED[path] === undefined);
  expect(silent).toEqual([
    "csharp/Startup.cs",
    "go/server.go",
    "java/PromptController.java",
    "others/pages.js.sample",
    "others/stack.yaml",
    "others/wrapper.py",
    "php/routes.php",
    "ruby/routes.rb",
    "rust/server.rs",
  ]);
});

test("quotes no password and no secret", async () => {
  const report = JSON.stringify(await audit(files, HOSTNAME));
  expect(report).not.toContain("hunter2hunter2");
  expect(report).not.toContain("swordfish99");
});

test("takes the address of a variable from the folder's .env, and not from an example of one", async () => {
  const script = {
    path: "a.py",
    text: 'import os, requests\nrequests.get(os.environ["COMFYUI_URL"] + "/queue")\n',
    tracked: true,
  };
  const setting = (path: string) => ({ path, text: `COMFYUI_URL=https://${HOSTNAME}\n`, tracked: false });
  const placeWith = async (path: string) => {
    const { findings } = await audit([script, setting(path)], HOSTNAME);
    return findings.find((finding) => finding.path === "a.py")?.place;
  };
  expect(await placeWith(".env")).toBe("remote");
  expect(await placeWith(".env.example")).toBe("unknown");
});

test("says for each way of calling what the shortest way to send the token is", async () => {
  const { findings } = await audit(files, HOSTNAME);
  const advice = (path: string, line: number): string | undefined =>
    findings.find((finding) => finding.path === path && finding.line === line)?.advice;
  expect(advice("python/remote.py", 16)).toContain("`headers=` (requests)");
  expect(advice("python/remote.py", 29)).toContain("`headers=` of `ws_connect` (aiohttp)");
  expect(advice("python/remote.py", 34)).toContain("`additional_headers=` of `connect`");
  expect(advice("python/library.py", 4)).toContain("The library comfy_api_simplified cannot send headers");
  expect(advice("node/library.ts.sample", 7)).toContain("Set COMFYUI_ACCESS_TOKEN");
  expect(advice("node/page.js.sample", 3)).toContain("A browser cannot send headers on a WebSocket");
  expect(advice("node/service.ts.sample", 12)).toContain("in the last argument of `new WebSocket` (ws)");
  expect(advice("shell/run.sh", 9)).toContain("`-H` twice (curl)");
  expect(advice("config/bot.env", 1)).toContain("Stays as it is");
  expect(advice("go/client.go", 58)).toContain("`req.Header.Set` (Go)");
  expect(advice("rust/client.rs", 49)).toContain("`.header(…)` of the request (reqwest)");
  expect(advice("java/ComfyClient.java", 40)).toContain("`header` of `HttpRequest.newBuilder` (Java)");
  expect(advice("csharp/ComfyClient.cs", 36)).toContain("`DefaultRequestHeaders.Add` (HttpClient)");
  expect(advice("csharp/ComfyClient.cs", 44)).toContain("`Options.SetRequestHeader` (ClientWebSocket)");
  expect(advice("php/ComfyClient.php", 46)).toContain("`CURLOPT_HTTPHEADER` (PHP)");
  expect(advice("ruby/comfy_client.rb", 33)).toContain('`request["…"] = …` (Net::HTTP)');
  expect(advice("n8n/set-and-code.json", 38)).toContain("n8n's own HTTP Request node");
});

test("tells an address that hangs on a name by that name, whatever the name is", async () => {
  const text = 'import requests\nfrom here import unknown\nrequests.get(f"{unknown}/system_stats")\n';
  const report = await audit([{ path: "comfy.py", text, tracked: false }], HOSTNAME);
  expect(report.findings[0]?.advice).toContain("If the address (unknown) leads to");
  expect(toMarkdown(report)).toContain("`{unknown}` from unknown");
});

test("writes in JSON what an address hangs on as words", async () => {
  const found = JSON.parse(toJson(await audit(files, HOSTNAME))).findings;
  const from = found.map(({ address }: { address: { from: unknown } }) => address.from);
  expect(from).toEqual(expect.arrayContaining(["literal", "env COMFYUI_URL", "unknown"]));
  expect(from.every((each: unknown) => typeof each === "string")).toBe(true);
});

test.each([
  "curl -s http://comfy.example.dev/system_stats",
  "wget -q http://comfy.example.dev/system_stats",
  "http GET http://comfy.example.dev/system_stats",
  "xh http://comfy.example.dev/system_stats",
  "irm http://comfy.example.dev/system_stats",
  "Invoke-RestMethod http://comfy.example.dev/system_stats",
  "websocat ws://comfy.example.dev/ws?clientId=1",
])("finds the same use of `%s` in whatever holds the command", async (command) => {
  const holders: Record<string, string> = {
    "run.sh": `${command}\n`,
    "pipeline.yaml": `steps:\n  - run: ${command}\n`,
    Makefile: `stats:\n\t@${command}\n`,
    "read.md": `\`\`\`\n${command}\n\`\`\`\n`,
    "start.py": `import os\nos.system("${command}")\n`,
  };
  const uses = Object.entries(holders).map(async ([path, text]) => {
    const { findings } = await audit([{ path, text, tracked: false }], HOSTNAME);
    return [path, findings.map(inShort).map((each) => each.replace(/^\d+ /, ""))];
  });
  const found = Object.fromEntries(await Promise.all(uses));
  expect(found["run.sh"]).toHaveLength(1);
  for (const path of Object.keys(holders)) expect([path, found[path]]).toEqual([path, found["run.sh"]]);
});

test("takes a sentence about http for no command", async () => {
  const text = "The bot speaks http to http://comfy.example.dev/system_stats\nhttp is what it speaks\n";
  expect((await audit([{ path: "notes.txt", text, tracked: false }], HOSTNAME)).findings).toEqual([]);
});

test.each([
  ["json5", `{ comfyUrl: "https://${HOSTNAME}" }`],
  ["conf", `COMFYUI_URL=https://${HOSTNAME}`],
  ["cfg", `COMFYUI_URL=https://${HOSTNAME}`],
])("reads the settings in a page's block of %s, as in a file of it", async (kind, code) => {
  const text = `\`\`\`${kind}\n${code}\n\`\`\`\n`;
  const { findings, skipped } = await audit([{ path: "read.md", text, tracked: false }], HOSTNAME);
  expect(findings.map(({ kind: what }) => what)).toEqual(["setting"]);
  expect(skipped).toEqual([]);
});

function inShort(finding: Finding): string {
  const { line, kind, route, library, address, place, authentication, verdict } = finding;
  const what = kind === "library" ? ` ${library}` : kind === "setting" ? "" : ` ${route}`;
  return `${line} ${kind}${what} → ${address.text} [${wordsOf(address.from)}] ${place}, ${authentication}: ${verdict}`;
}

test.each(["a.py", "a.js", "a.json"])(
  "names %s as not read where brackets go too deep, and reads on",
  async (path) => {
    const deep = { path, text: `comfy = ${"[".repeat(20_000)}`, tracked: false };
    const script = { path: "b.sh", text: "curl http://localhost:8188/queue\n", tracked: false };
    const report = await audit([deep, script], HOSTNAME);
    expect(report.skipped).toEqual([{ path, code: "too-deep" }]);
    expect(report.findings).toHaveLength(1);
  },
);

test("names a program as not read where blocks go deeper than its grammar keeps", async () => {
  const blocks = (count: number) =>
    [
      "import requests",
      ...Array.from({ length: count }, (_, depth) => `${" ".repeat(depth)}if x:`),
      `${" ".repeat(count)}requests.get("https://${HOSTNAME}/queue")`,
    ].join("\n");
  const files = [300, 520, 900].map((count) => ({
    path: `${count}.py`,
    text: blocks(count),
    tracked: false,
  }));
  const report = await audit(files, HOSTNAME);
  expect(report.findings.map(({ path }) => path)).toEqual(["300.py"]);
  expect(report.skipped.map(({ path }) => path).sort()).toEqual(["520.py", "900.py"]);
});
