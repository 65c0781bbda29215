import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { audit } from "../../packages/cli/audit/audit";
import { toMarkdown } from "../../packages/cli/audit/render";

const page = readFileSync(join(__dirname, "../../docs/comfyui-api-audit.md"), "utf8");

function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"))].map(
    ([, text]) => text ?? "",
  );
}

test("the page's example is what the command makes of the page's script", async () => {
  const [text = ""] = blocks("python");
  const report = await audit([{ path: "nightly.py", text, tracked: true }], "comfyui.datacrew.space");
  const markdown = toMarkdown(report);
  const quoted = blocks("markdown");
  expect(quoted).toHaveLength(2);
  for (const part of quoted) expect(markdown).toContain(part);
});
