import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { UserError } from "../../packages/base/errors";
import { editConfig } from "../../packages/cli/adopt/edit-config";
import type { ConfigChange } from "../../packages/cli/adopt/types";

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

  test("keeps the remark beside a value that changes, and lists where they stand", () => {
    expect(edit(text, change(["zone"], "example.org"))).toContain(
      "comfyui-access:zone: example.org   # ours\n",
    );
    const flush = "config:\n  comfyui-access:adopted:\n  - a\n";
    expect(edit(flush, change(["zone"], "x.y"))).toBe(`${flush}  comfyui-access:zone: x.y\n`);
  });

  test("keeps its comments, its order and everything else", () => {
    const edited = edit(
      text,
      change(["tunnel"], { id: "x" }),
      change(["applications", 0, "allow", "emails"], ["a@datacrew.space"]),
      change(["adopted"], ["y"]),
    );
    expect(edited).toBe(
      text
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

  test.each<[string, string[], string, string]>([
    ["a key of its own line", ["zone"], "config:\n  ? p:zone\n  : a.b\n", "config:\n  ? p:zone\n  : new\n"],
    ["a tag", ["zone"], "config:\n  p:zone: !!str a.b # x\n", "config:\n  p:zone: !!str new # x\n"],
    ["two lines of text", ["zone"], "config:\n  p:zone: 'a\n    b' # x\n", "config:\n  p:zone: new # x\n"],
    [
      "an alias",
      ["tunnel", "name"],
      "config:\n  a:b: &x { name: y }\n  p:tunnel: *x\n",
      "config:\n  a:b: &x { name: y }\n  p:tunnel:\n    name: new\n",
    ],
    [
      "braces over lines",
      ["tunnel", "name"],
      "config:\n  p:tunnel: {\n    # a\n    name: x, # b\n  }\n",
      "config:\n  p:tunnel: {\n    # a\n    name: new, # b\n  }\n",
    ],
  ])("with %s at %j keeps its layout", (_, path, before, after) => {
    expect(editConfig(before, "p", [change(path, "new")], "Pulumi.x.yaml")).toBe(after);
  });

  test.each<[string, string[], string, RegExp]>([
    [
      "an anchor, which others use",
      ["zone"],
      "config:\n  p:zone: &zone a.b\n  a:b: *zone\n",
      /zone cannot be changed in place/,
    ],
    ["a text in the place of a list", ["tunnel", "name"], "config:\n  p:tunnel: x\n", /p:tunnel is neither/],
    ["two documents", ["zone"], "config:\n  p:zone: a.b\n---\nconfig: {}\n", /not YAML, line 3/],
    ["no mapping for its config", ["zone"], "config: []\n", /its config is not a mapping/],
  ])("with %s is refused, and never written anew", (_, path, text, words) => {
    const attempt = () => editConfig(text, "p", [change(path, "new")], "Pulumi.x.yaml");
    expect(attempt).toThrow(UserError);
    expect(attempt).toThrow(words);
  });

  test("may be empty, and may not be something else", () => {
    expect(parse(edit("", change(["zone"], "a.b")))).toEqual({ config: { "comfyui-access:zone": "a.b" } });
    expect(() => edit("- a\n- b\n", change(["zone"], "a.b"))).toThrow(/not a stack file/);
    expect(() => edit("a: [", change(["zone"], "a.b"))).toThrow(/not a stack file/);
  });
});
