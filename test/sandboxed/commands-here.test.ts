import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { allCommandsHere, commandsHere } from "../../packages/cli/sandboxed/commands-here";
import { workspaceDir } from "../../packages/cli/sandboxed/workspace";

const dev = { stack: "dev", sandboxed: true };
const play = { stack: "play", sandboxed: true };
const prod = { stack: "prod", sandboxed: false };
const engine = `PULUMI_BACKEND_URL=file://${workspaceDir()}/state PULUMI_CONFIG_PASSPHRASE=sandbox pulumi`;

test.each([
  ["Run `pulumi up` first.", dev, "Run `npm run sandbox:up` first."],
  ["Run `pulumi up` first.", play, "Run `npm run sandbox:up -- --stack play` first."],
  ["Run `pulumi up --stack play` first.", play, "Run `npm run sandbox:up -- --stack play` first."],
  ["Run `pulumi up` first.", prod, "Run `pulumi up --stack prod` first."],
  ["Run `pulumi up --stack prod` first.", prod, "Run `pulumi up --stack prod` first."],
  ["run `pulumi refresh`.", dev, "run `npm run sandbox:up -- -- --refresh`."],
  ["run `pulumi refresh`.", play, "run `npm run sandbox:up -- --stack play -- --refresh`."],
  ["run `pulumi refresh`.", prod, "run `pulumi refresh --stack prod`."],
  ["`pulumi up --replace x`, then", dev, "`npm run sandbox:up -- -- --replace x`, then"],
  ["`pulumi up --replace x`, then", prod, "`pulumi up --stack prod --replace x`, then"],
  ["then `comfyui-access env`.", dev, "then `npm run env`."],
  ["then `comfyui-access env`.", prod, "then `npm run env -- --stack prod`."],
  ["then `comfyui-access env`.", play, "then `npm run env -- --stack play --sandbox`."],
  ["a secret: npm run rotate -- --token a", dev, "a secret: npm run rotate -- --token a"],
  ["a secret: npm run rotate -- --token a", prod, "a secret: npm run rotate -- --stack prod --token a"],
  [
    "a secret: npm run rotate -- --token a",
    play,
    "a secret: npm run rotate -- --stack play --sandbox --token a",
  ],
  ["(`npm run verify`), mend", prod, "(`npm run verify -- --stack prod`), mend"],
  ["it over: npm run cli -- adopt", prod, "it over: npm run cli -- adopt --stack prod"],
  ["npm run cli -- rotate --stack play", play, "npm run cli -- rotate --sandbox --stack play"],
  ["no more: pulumi cancel --stack dev", dev, `no more: ${engine} cancel --stack dev`],
  ["no more: pulumi cancel --stack prod", prod, "no more: pulumi cancel --stack prod"],
  ["pulumi config set --stack dev zone x", dev, `${engine} config set --stack dev zone x`],
  ["pulumi config set --secret a:b", prod, "pulumi config set --stack prod --secret a:b"],
  ["a file that `pulumi stack export` wrote", dev, "a file that `pulumi stack export` wrote"],
])("%s (%j)", (text, place, here) => {
  expect(commandsHere(text, place)).toBe(here);
});

test("a report has them in every text, and everything else as it was", () => {
  const at = new Date(0);
  const report = { rows: [{ next: "Run `pulumi up`.", ms: 3, at }], none: null };
  expect(allCommandsHere(report, dev)).toEqual({
    rows: [{ next: "Run `npm run sandbox:up`.", ms: 3, at }],
    none: null,
  });
});

test("every command that changes a stack stands so in the source that it is found", () => {
  const sources = readdirSync("packages/cli", { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  const strange: string[] = [];
  for (const name of sources) {
    if (/^(sandboxed\/commands-here|commands\/stack|commands\/guardrails)\.ts$/.test(name)) continue;
    const code = readFileSync(join("packages/cli", name), "utf8").replace(/^\s*(\/\/|\/?\*).*$/gm, "");
    for (const [found] of code.matchAll(/.?pulumi (up|refresh|destroy)\b.{0,20}/g)) {
      if (!found.startsWith("`")) strange.push(`${name}: ${found}`);
    }
  }
  expect(strange).toEqual([]);
});
