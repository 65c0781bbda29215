import { afterAll, beforeAll, expect, test } from "vitest";
import { runOrphans } from "../../packages/cli/orphans/command";
import { type OpenStack, sandboxedStack } from "../../packages/cli/stack/open-stack";
import { probeToken } from "../../packages/cli/verify/probe-token";
import { EngineRig } from "./support";

const account = "/accounts/0123456789abcdef0123456789abcdef";

let rig: EngineRig;
let stack: OpenStack;

beforeAll(async () => {
  rig = await EngineRig.open({ access: true });
  const configFile = await rig.config();
  stack = await sandboxedStack(rig.session, "dev", configFile);
});

afterAll(() => rig?.close());

interface Token {
  id: string;
  name: string;
}
const tokens = () => rig.api<Token[]>("GET", `${account}/access/service_tokens`);

async function orphans(
  options: { remove?: boolean; yes?: boolean; json?: boolean } = {},
  ask?: (question: string) => Promise<boolean>,
): Promise<{ code: number; text: string }> {
  let text = "";
  const out = (part: string) => {
    text += part;
  };
  const io = { out, ...(ask && { ask }) };
  const code = await runOrphans(stack, { remove: false, yes: false, json: false, ...options }, io);
  return { code, text };
}

// One stack lives through these tests, in their order.
test("a stack that was never brought up has none", async () => {
  expect(await orphans()).toEqual({ code: 0, text: "sandbox, stack dev: no orphans\n" });
});

test("a lost answer leaves a second token behind, and it alone is found", async () => {
  await rig.addFaults({ method: "POST", pathRegex: "/access/service_tokens$", action: "drop-after" });
  const result = await rig.up();
  expect(result.code, result.stdout + result.stderr).toBe(0);
  const made = await tokens();
  expect(made.map(({ name }) => name)).toEqual(["comfyui-api", "comfyui-api"]);

  const { code, text } = await orphans();
  expect(code).toBe(3);
  expect(text).toMatch(/1 object that the stack's state does not know/);
  expect(text).toMatch(/service token +comfyui-api .* before the comfyui-api in the state, as by a retry/);
  const { orphans: found } = JSON.parse((await orphans({ json: true })).text) as { orphans: Token[] };
  expect(found.map(({ id }) => id)).toEqual([made[0]?.id]);
});

test("it is removed after asking, and the stack works as before", async () => {
  const [orphan, known] = await tokens();
  await expect(orphans({ remove: true })).rejects.toThrow(/nobody is there to be asked/);
  const questions: string[] = [];
  const answer = (yes: boolean) => async (question: string) => {
    questions.push(question);
    return yes;
  };
  expect((await orphans({ remove: true }, answer(false))).code).toBe(3);
  expect(await tokens()).toHaveLength(2);

  const { code, text } = await orphans({ remove: true }, answer(true));
  expect(questions).toEqual(["Remove this 1 object? [y/N] ", "Remove this 1 object? [y/N] "]);
  expect(code, text).toBe(0);
  expect(text).toMatch(/removed +service token +comfyui-api/);
  expect(text).toMatch(/1 object removed, none left/);
  expect(text).toContain(orphan?.id);
  expect((await tokens()).map(({ id }) => id)).toEqual([known?.id]);

  rig.session.access?.connectAll();
  const { serviceTokens } = (await rig.outputs()) as {
    serviceTokens: Record<string, { clientId: string; clientSecret: string }>;
  };
  const credentials = serviceTokens["comfyui-api"];
  if (credentials === undefined) throw new Error("the stack has no token");
  expect(await probeToken("https://comfyui.datacrew.space", credentials, stack.network)).toMatchObject({
    verdict: "passes",
  });
  const preview = await rig.run(["preview", "--expect-no-changes"], { as: "preview" });
  expect(preview.code, preview.stdout).toBe(0);
  expect((await orphans()).code).toBe(0);
});

test("without its state everything is named and nothing can be removed", async () => {
  const lost = await rig.run(["stack", "export"]);
  const empty = JSON.parse(lost.stdout) as { deployment: { resources: unknown[] } };
  empty.deployment.resources = [];
  expect((await rig.run(["stack", "import", "--force"], { input: JSON.stringify(empty) })).code).toBe(0);
  const { code, text } = await orphans();
  expect(code).toBe(3);
  expect(text).toMatch(/may be live: the stack's state is empty, so adopt it instead/);
  const before = await rig.account();
  await expect(orphans({ remove: true, yes: true })).rejects.toThrow(/state is empty/);
  expect(await rig.account()).toEqual(before);
  expect((await rig.run(["stack", "import"], { input: lost.stdout })).code).toBe(0);
  expect((await orphans()).code).toBe(0);
});
