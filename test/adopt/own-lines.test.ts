import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { editConfig } from "../../packages/cli/adopt/edit-config";
import type { ConfigChange } from "../../packages/cli/adopt/types";
import { holds } from "../support/properties";

const change = (path: (string | number)[], value: unknown): ConfigChange => ({ path, value, why: "" });
const edit = (text: string, ...changes: ConfigChange[]) => editConfig(text, "p", changes, "Pulumi.x.yaml");

/** As people write them: each line is to stay as it is, whatever else changes. */
const FILES = {
  "tight lists, long lines and odd blanks": `# ours
encryptionsalt:   v1:abc=
config:
  p:note: "a very long line that somebody wrote and that no library may ever fold, because then the whole of it would be shown as changed in a review"   # why
  p:zone:    'datacrew.space'
  p:tunnel: {name: comfyui-dev}   # a name
  p:applications:
    - name: comfyui   # the one
      hostname: comfyui.datacrew.space
      allow: {emails: [a@datacrew.space,b@datacrew.space]}

    # the other
    -   name: "second"
        hostname: 'x.datacrew.space'
        serviceTokens: [ci,   api]
  p:alerts:
    emails: [ "ops@datacrew.space" ]
`,
  "lists at their key's column, secrets between": `config:
  p:applications:
  - name: comfyui
    hostname: comfyui.datacrew.space
  - name: second
    hostname: x.datacrew.space
    # nobody yet
  cloudflare:apiToken:
    secure: v1:xyz/AbC+=
  p:google:
    clientSecret:
      secure: AAABAH==
# the end
`,
  "one line": `config: {p:zone: a.b, "p:tunnel": {name: x}}\n`,
  "indent by four, text blocks, no newline at the end": `config:
    p:zone: datacrew.space
    p:banner: |
        two
        lines
    p:folded: >-
        some words
        more words
    p:applications:
        - name: comfyui
          hostname: comfyui.datacrew.space
    p:serviceTokens: []`,
  "nothing but a comment": "# to be filled in\n",
  "an empty config": "config:\n",
  "a config of paths": "config:\n  p:tunnel.name: old\n  p:zone: a.b   # kept\n",
};

const CHANGES: ConfigChange[] = [
  change(["zone"], "example.org"),
  change(["tunnel"], { id: "0f" }),
  change(["tunnel", "id"], "0f"),
  change(["tunnel"], undefined),
  change(["tunnel", "name"], undefined),
  change(["adopted"], ["a", "b"]),
  change(["google", "identityProviderId"], "idp"),
  change(["google", "clientSecret"], undefined),
  change(["serviceTokens"], [{ name: "ci", duration: "8760h" }]),
  change(["alerts", "emails"], ["new@datacrew.space"]),
  change(["alerts"], { emails: ["x@datacrew.space"] }),
  change(["accountId"], "0123456789abcdef0123456789abcdef"),
  change(["banner"], "one line"),
];

const IN_APPLICATIONS: ConfigChange[] = [
  change(["applications", 0, "allow", "emails"], ["c@datacrew.space"]),
  change(["applications", 0, "hostname"], "y.datacrew.space"),
  change(["applications", 0, "sessionDuration"], "24h"),
  change(["applications", 0, "name"], undefined),
  change(["applications", 1, "serviceTokens"], ["api"]),
  change(["applications", 1, "allow", "emailDomains"], ["datacrew.space"]),
];

const hasTwo = (text: string): boolean => text.includes("second");
const changesFor = (text: string) => [
  ...CHANGES,
  ...IN_APPLICATIONS.filter(({ path }) => text.includes("applications") && (path[1] === 0 || hasTwo(text))),
];

/** The lines of the one that are not, in this order, in the other. */
function lost(before: string, after: string): string[] {
  const rest = after.split("\n");
  return before.split("\n").filter((line) => {
    const at = rest.indexOf(line);
    if (at !== -1) rest.splice(0, at + 1);
    return at === -1;
  });
}

/** The lines that say what a change is about. */
function ownLines(text: string, { path: [top] }: ConfigChange): string[] {
  const indent = /^ +(?=p:)/m.exec(text)?.[0].length ?? 2;
  const own: string[] = [];
  let inside = false;
  for (const line of text.split("\n")) {
    if (line.search(/\S/) === indent && !line.trim().startsWith("-")) inside = line.includes(`p:${top}`);
    if (inside || line.includes(`p:${top}`)) own.push(line);
  }
  return own;
}

describe.each(Object.entries(FILES))("a stack file with %s", (_, text) => {
  for (const eol of ["\n", "\r\n"]) {
    test(`${JSON.stringify(eol)}: each change leaves every line that is not its own byte for byte`, () => {
      for (const each of changesFor(text)) {
        const before = text.replaceAll("\n", eol);
        const after = edit(before, each);
        const said = `${JSON.stringify(each.path)}\n${after}`;
        const gone = lost(before, after);
        const own = [...ownLines(before, each), ...(text.includes("{p:") ? [before.split("\n")[0]] : [])];
        // A last line without its end gets one.
        if (!before.endsWith("\n")) own.push(before.split("\n").at(-1));
        for (const line of gone) expect(own, `${said}\nlost: ${line}`).toContain(line);
        if (each.path[0] === "applications") expect(gone.length, said).toBeLessThanOrEqual(2);
        if (eol === "\r\n") expect(after.replaceAll("\r\n", ""), said).not.toMatch(/[\r\n]/);
        // Behind a value that goes, its comment goes too.
        for (const comment of each.value === undefined ? [] : (before.match(/#.*/g) ?? []))
          expect(after, said).toContain(comment.trimEnd());
      }
    });
  }

  test("any changes, one after the other, say what was asked for and leave the others' values", () => {
    const rule = fc.property(fc.array(fc.constantFrom(...changesFor(text)), { maxLength: 4 }), (changes) => {
      let after = text;
      for (const each of changes) {
        const before = (parse(after)?.config ?? {}) as Record<string, unknown>;
        // A path below what another change took away has nowhere to stand.
        after = edit(after, each);
        const config = (parse(after)?.config ?? {}) as Record<string, unknown>;
        for (const [key, value] of Object.entries(before)) {
          if (!key.startsWith(`p:${each.path[0]}`)) expect(config[key], after).toEqual(value);
        }
        if (each.path.length === 1) expect(config[`p:${each.path[0]}`], after).toEqual(each.value);
      }
      // Twice is once.
      const last = changes.at(-1);
      if (last !== undefined) expect(edit(after, last)).toBe(after);
    });
    holds(rule, { runs: 100 });
  });
});
