import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { editConfig, readConfigFile, writeConfigFile } from "../../src/adopt/config-file";
import type { ConfigChange } from "../../src/adopt/types";

const change = (path: (string | number)[], value: unknown): ConfigChange => ({ path, value, why: "" });
const edit = (text: string, ...changes: ConfigChange[]) =>
  editConfig(text, "comfyui-access", changes, "Pulumi.x.yaml");

describe("a stack file", () => {
  const text = `# who we are
encryptionsalt: v1:abc=
config:
  cloudflare:apiToken:
    secure: v1:xyz=
  # the zone
  comfyui-access:zone: datacrew.space   # ours
  comfyui-access:tunnel: { name: comfyui-dev }
  comfyui-access:applications:
    - name: comfyui   # the one
      hostname: comfyui.datacrew.space
`;

  test("keeps its comments, its order and everything else", () => {
    const edited = edit(
      text,
      change(["tunnel"], { id: "x" }),
      change(["applications", 0, "allow", "emails"], ["a@datacrew.space"]),
      change(["adopted"], ["y"]),
    );
    expect(edited).toBe(
      text
        .replace("ours\n", "ours\n")
        .replace("   # ours", " # ours")
        .replace("   # the one", " # the one")
        .replace("{ name: comfyui-dev }", "\n    id: x")
        .replace("tunnel: \n", "tunnel:\n")
        .replace(
          "hostname: comfyui.datacrew.space\n",
          "hostname: comfyui.datacrew.space\n      allow:\n        emails:\n          - a@datacrew.space\n  comfyui-access:adopted:\n    - y\n",
        ),
    );
  });

  test("with paths for keys gets paths for keys, and a whole value takes their place", () => {
    const flat =
      "config:\n  comfyui-access:tunnel.name: old\n  comfyui-access:applications[0].name: comfyui\n";
    expect(
      parse(
        edit(flat, change(["tunnel"], { id: "x" }), change(["applications", 0, "service"], "http://a:1")),
      ),
    ).toEqual({
      config: {
        "comfyui-access:tunnel": { id: "x" },
        "comfyui-access:applications[0].name": "comfyui",
        "comfyui-access:applications[0].service": "http://a:1",
      },
    });
  });

  test("may be empty, and may not be something else", () => {
    expect(parse(edit("", change(["zone"], "a.b")))).toEqual({ config: { "comfyui-access:zone": "a.b" } });
    expect(() => edit("- a\n- b\n", change(["zone"], "a.b"))).toThrow(/not a stack file/);
    expect(() => edit("a: [", change(["zone"], "a.b"))).toThrow(/not a stack file/);
  });
});

describe("on disk", () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "adopt-config-"));
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  test("is replaced whole, with the mode that it had", async () => {
    const file = join(dir, "Pulumi.a.yaml");
    await writeFile(file, "config: {}\n", { mode: 0o600 });
    await writeConfigFile(file, "config: { a: b }\n");
    expect(await readFile(file, "utf8")).toBe("config: { a: b }\n");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(dir)).toEqual(["Pulumi.a.yaml"]);
  });

  test("need not be there yet, and one that cannot be written is said", async () => {
    expect(await readConfigFile(join(dir, "none.yaml"))).toBe("");
    await expect(writeConfigFile(join(dir, "no", "such.yaml"), "")).rejects.toThrow(
      /could not write.*ENOENT/,
    );
  });
});
