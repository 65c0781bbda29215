import { describe, expect, test } from "vitest";
import { exitCode } from "../../packages/cli/drift/exit-code";
import { renderJson } from "../../packages/cli/drift/render/json";
import { renderMarkdown } from "../../packages/cli/drift/render/markdown";
import { renderText } from "../../packages/cli/drift/render/text";
import type { DriftReport } from "../../packages/cli/drift/types";

const NO_CHANGE: DriftReport["access"] = {
  verdict: "no change",
  compared: { relation: "same" },
  entries: [],
  facts: [],
  undecided: [],
};

const none: DriftReport = {
  environment: "stack prod",
  since: "2030-01-01T08:00:00Z",
  compared: { objects: 3, fields: 20 },
  verdict: "none",
  changes: [],
  access: NO_CHANGE,
  orphans: [],
  accepted: [],
  acceptedAccess: NO_CHANGE,
  idle: [],
  expiring: [],
  unseen: [],
  failures: [],
  names: { "66b191d9-2cc4-4ef9-ba60-6884e3c7505b": "everybody" },
};

const full: DriftReport = {
  ...none,
  verdict: "widened",
  failures: [{ what: "the DNS records", why: "could not read the DNS records (HTTP 403)" }],
  changes: [
    {
      subject: "application",
      name: "comfyui",
      id: "a",
      what: "changed",
      field: "policies",
      list: true,
      after: [{ id: "66b191d9-2cc4-4ef9-ba60-6884e3c7505b", precedence: 3 }],
    },
    {
      subject: "application",
      name: "comfyui",
      id: "a",
      what: "changed",
      field: "allow_iframe",
      after: true,
      opens: "pages of other sites may frame it",
    },
    {
      subject: "policy",
      name: "<b>x</b>",
      id: "p",
      what: "deleted",
      detail: "another one of that name is there: q",
    },
    {
      subject: "tunnel configuration",
      name: "ingress",
      id: "t",
      what: "changed",
      field: "ingress[x.example.org]",
      after: { hostname: "x.example.org", service: "http://localhost:1" },
    },
  ],
  orphans: [
    {
      code: "token-by-name",
      data: { name: "comfyui-api" },
      severity: "warning",
      where: "service token comfyui-api",
      kind: "service token",
      id: "o",
      name: "comfyui-api",
      createdAt: "2029-01-01T00:00:00Z",
      lastUsedAt: "never",
    },
  ],
  expiring: [{ name: "comfyui-api", expiresAt: "2130-01-20T00:00:00Z" }],
  unseen: [
    { what: "secret of x", why: "never shown", checked: "tried", result: "as expected", detail: "passes" },
  ],
};

test("for programs every finding has its code, and how bad it is", () => {
  const { changes, orphans, failures, accepted } = JSON.parse(
    renderJson({ ...full, accepted: [{ change: full.changes[1], reason: "known", expires: "2030-02-01" }] }),
  );
  const brief = (findings: { code: string; severity: string; where: string }[]) =>
    findings.map(({ code, severity, where }) => [code, severity, where]);
  expect(brief(changes)).toEqual([
    ["changed", "warning", "application comfyui"],
    ["changed", "error", "application comfyui"],
    ["deleted", "warning", "policy <b>x</b>"],
    ["changed", "warning", "tunnel configuration ingress"],
  ]);
  expect(brief(orphans)).toEqual([["token-by-name", "warning", "service token comfyui-api"]]);
  expect(orphans[0].why).toBe("named as the stack's token comfyui-api");
  expect(brief(failures)).toEqual([["not checked", "error", "the DNS records"]]);
  expect(accepted[0].change).toMatchObject({ code: "changed", severity: "error", field: "allow_iframe" });
});

describe("the text", () => {
  test("of no drift is short", () => {
    expect(renderText(none)).toMatchInlineSnapshot(`
      "Drift of stack prod since 2030-01-01 08:00:00 UTC

      NO CHANGE: everything that can be seen is as the last up left it

      3 objects and 20 fields compared.
      "
    `);
  });

  test("of everything at once reads from what is most urgent", () => {
    expect(renderText(full)).toMatchInlineSnapshot(`
      "Drift of stack prod since 2030-01-01 08:00:00 UTC

      WIDENED: somebody can get in who could not before, or a guard is gone

      Could not be checked
        the DNS records  could not read the DNS records (HTTP 403)

      What changed
        application comfyui
          policies      + everybody (3)
          allow_iframe  not set → true
            ! pages of other sites may frame it
        policy <b>x</b>
          is gone; another one of that name is there: q
        tunnel configuration ingress
          ingress[x.example.org]  not set → http://localhost:1, without a check of Access's JWT

      Looks like this stack's, and its state does not know it
        service token comfyui-api  o, made at 2029-01-01T00:00:00Z, last used never, named as the stack's token comfyui-api

      Service tokens that end soon
        comfyui-api  ends at 2130-01-20T00:00:00Z

      Cannot be seen, and how it was checked instead
        as expected  secret of x
                       never shown
                       → tried: passes

      3 objects and 20 fields compared.
      "
    `);
  });
});

test("the Markdown lets no name become markup", () => {
  expect(renderMarkdown(full)).not.toContain("<b>");
  expect(renderMarkdown(full)).toMatchInlineSnapshot(`
    "### Drift of stack prod: **WIDENED**

    Since 2030-01-01 08:00:00 UTC: somebody can get in who could not before, or a guard is gone.

    #### Could not be checked

    - \`the DNS records\` could not read the DNS records (HTTP 403)

    #### What changed

    **application comfyui**

    - \`policies\` + everybody (3)
    - \`allow_iframe\` not set → true
      - ⚠️ pages of other sites may frame it

    **policy &lt;b&gt;x&lt;/b&gt;**

    - is gone; another one of that name is there: q

    **tunnel configuration ingress**

    - \`ingress[x.example.org]\` not set → http://localhost:1, without a check of Access's JWT

    #### Looks like this stack's, and its state does not know it

    - \`service token comfyui-api\` o, made at 2029-01-01T00:00:00Z, last used never, named as the stack's token comfyui-api

    #### Service tokens that end soon

    - \`comfyui-api\` ends at 2130-01-20T00:00:00Z

    <details><summary>Cannot be seen, and how it was checked instead</summary>

    | what | why | checked instead | result |
    |---|---|---|---|
    | secret of x | never shown | tried: passes | as expected |

    </details>

    <sub>3 objects and 20 fields compared.</sub>
    "
  `);
});

describe("the exit code", () => {
  const failures = [{ what: "x", why: "y" }];
  test.each<[string, Partial<DriftReport>, number, number]>([
    ["nothing", {}, 0, 0],
    ["a change", { verdict: "changed" }, 3, 0],
    ["a change, and a check that failed", { verdict: "changed", failures }, 1, 1],
    ["a check that failed", { failures }, 1, 1],
    ["a widening", { verdict: "widened" }, 4, 4],
    ["a widening, and a check that failed", { verdict: "widened", failures }, 4, 4],
  ])("of %s", (_, change, code, onWidening) => {
    expect(exitCode({ ...none, ...change })).toBe(code);
    expect(exitCode({ ...none, ...change }, "widening")).toBe(onWidening);
  });
});
