import { describe, expect, test } from "vitest";
import type { AccessDiff } from "../../packages/cli/access-diff/access-diff";
import { maskAddresses } from "../../packages/cli/access-diff/mask";
import { renderMarkdown, renderText } from "../../packages/cli/access-diff/report";
import { sectionsOf } from "../../packages/cli/access-diff/sections";
import {
  application,
  diffBetween,
  diffFrom,
  diffTo,
  exported,
  machines,
  people,
  policy,
  TOKEN,
} from "./states";

const HOST = "comfyui.datacrew.space";
const ARTIST = "artist@datacrew.space";
const BOB = "bob@datacrew.space";
const GOOGLE = "11111111-1111-4111-8111-111111111111";
const PIN = "22222222-2222-4222-8222-222222222222";

const lines = ({ entries }: AccessDiff) =>
  entries.map(({ kind, who, hostname }) => `${kind} ${who} ${hostname}`);
const facts = ({ facts }: AccessDiff) => facts.map(({ kind, effect, about }) => `${effect} ${kind} ${about}`);

const allow = (emails: string[], more: object = {}) =>
  policy(
    "people",
    "allow",
    emails.map((email) => ({ email: { email } })),
    {
      requires: [{ loginMethod: { id: GOOGLE } }],
      ...more,
    },
  );
const both = (first: object) => [first, machines, application(["people", "machines"])];

describe("policies", () => {
  test("a person who is added gains, one who is removed loses, and how and for how long is said", () => {
    const diff = diffTo(both(allow([BOB])));
    expect(lines(diff)).toEqual([`gain ${BOB} ${HOST}`, `loss ${ARTIST} ${HOST}`]);
    expect(diff.verdict).toBe("widened");
    expect(diff.entries[0]).toMatchObject({ by: "login", session: { after: 86_400 } });
    expect(diff.compared).toMatchObject({
      relation: "both",
      gained: { place: { hostname: HOST }, subject: { after: { email: BOB } } },
      lost: { place: { hostname: HOST }, subject: { before: { email: ARTIST } } },
    });
    const back = diffFrom(both(allow([BOB])));
    expect(lines(back)).toEqual([`gain ${ARTIST} ${HOST}`, `loss ${BOB} ${HOST}`]);
  });

  test("a domain gains as one, without those who had access before", () => {
    const wide = policy(
      "people",
      "allow",
      [{ email: { email: ARTIST } }, { emailDomain: { domain: "datacrew.space" } }],
      {
        requires: [{ loginMethod: { id: GOOGLE } }],
      },
    );
    expect(lines(diffTo(both(wide)))).toEqual([`gain anyone else at datacrew.space ${HOST}`]);
  });

  test("who gets in with a login and a token together, and with neither alone", () => {
    const others = policy("others", "non_identity", [{ everyone: {} }], {
      excludes: [{ serviceToken: { tokenId: TOKEN } }],
    });
    const before = exported([others, machines, application(["others"])]);
    const after = exported([others, allow([BOB]), machines, application(["others", "people"])]);
    expect(lines(diffBetween(before, after))).toEqual([`gain ${BOB} with service token comfyui-api ${HOST}`]);
  });

  test("everybody, by a Bypass that the connector lets through, is one line", () => {
    const open = policy("open", "bypass", [{ everyone: {} }]);
    const diff = diffTo(
      [people, machines, open, application(["open", "people", "machines"])],
      ['"required":true', '"required":false'],
    );
    expect(lines(diff)).toEqual([`gain anyone, without logging in ${HOST}`]);
    expect(renderText(diff)).toContain(`anyone, without logging in → ${HOST} – WITHOUT ANY CHECK`);
  });

  test("a Bypass that the connector stops cuts everybody off instead", () => {
    const open = policy("open", "bypass", [{ everyone: {} }]);
    const diff = diffTo([people, machines, open, application(["open", "people", "machines"])]);
    expect(lines(diff)).toEqual([`loss ${ARTIST} ${HOST}`, `loss service token comfyui-api ${HOST}`]);
  });

  test("a bypass of one folder is told for that folder alone", () => {
    const open = policy("open", "bypass", [{ everyone: {} }]);
    const folder = {
      ...application(["open"], { name: "view", destinations: [{ type: "public", uri: `${HOST}/view` }] }),
    };
    const diff = diffTo(
      [
        people,
        machines,
        open,
        application(["people", "machines"]),
        { ...folder, id: "folder", urn: "folder" },
      ],
      ['"required":true', '"required":false'],
    );
    expect(diff.entries).toMatchObject([
      { kind: "gain", who: "anyone, without logging in", paths: ["/view and below"] },
    ]);
  });

  test("rules on the country tell the circumstances", () => {
    const home = allow([ARTIST], {
      requires: [{ loginMethod: { id: GOOGLE } }, { geo: { countryCode: "NL" } }],
    });
    const diff = diffTo(both(home));
    expect(diff.entries).toMatchObject([{ kind: "loss", who: ARTIST, when: ["from any other country"] }]);
    expect(diff.verdict).toBe("narrowed");
  });

  test("what no plan can know is told as that, and counts as wider", () => {
    const group = policy("people", "allow", [{ email: { email: ARTIST } }, { group: { id: "artists" } }], {
      requires: [{ loginMethod: { id: GOOGLE } }],
    });
    const diff = diffTo(both(group));
    expect(diff.entries).toMatchObject([
      { kind: "depends", who: "anyone else who can log in", on: ["group is artists"], may: ["gain"] },
    ]);
    expect(diff.verdict).toBe("widened");
    expect(lines(diffBetween(exported(both(group)), exported(both(group))))).toEqual([]);
  });

  test("more unknowns than can be gone through block", () => {
    const groups = Array.from({ length: 9 }, (_, index) => ({ group: { id: `group-${index}` } }));
    const diff = diffTo(
      both(policy("people", "allow", groups, { requires: [{ loginMethod: { id: GOOGLE } }] })),
    );
    expect(diff.verdict).toBe("not decided");
    expect(renderText(diff)).toContain("too much is unknown: group is group-0");
  });

  test("a policy of somebody else's blocks: what it says is not known", () => {
    const diff = diffTo([people, machines, application(["people", "machines", "elsewhere"])]);
    expect(diff.verdict).toBe("not decided");
    expect(diff.undecided.map(({ text }) => text)).toEqual([
      "application comfyui links a policy that is not the stack's own (elsewhere)",
    ]);
  });
});

describe("what is not a policy", () => {
  const usual = [people, machines];

  test("an application removed leaves its host name unguarded", () => {
    const diff = diffTo(usual, ['"required":true', '"required":false']);
    expect(lines(diff)).toEqual([`gain anyone, without logging in ${HOST}`]);
    expect(facts(diff)).toContain(`widens application ${HOST}`);
    // The connector still asks: nobody gets in, and the guard is missing all the same.
    const closed = diffTo(usual);
    expect(lines(closed)).toEqual([`loss ${ARTIST} ${HOST}`, `loss service token comfyui-api ${HOST}`]);
    expect(closed.verdict).toBe("widened");
  });

  test("a tunnel host name without an application", () => {
    const rule =
      '{"hostname":"open.datacrew.space","service":"http://localhost:1"},{"service":"http_status:404"}';
    const diff = diffTo(undefined, ['{"service":"http_status:404"}', rule]);
    expect(lines(diff)).toEqual(["gain anyone, without logging in open.datacrew.space"]);
    expect(facts(diff)).toEqual([
      "widens application open.datacrew.space",
      "informs origin open.datacrew.space",
    ]);
    // Where something new leads is told; somebody has to agree that nobody asks there.
    expect(sectionsOf(diff).traffic.verdict).toBe("told");
  });

  test("a token deleted, and one made anew", () => {
    const gone = diffTo(undefined, ['"type":"cloudflare:index/zeroTrustAccessServiceToken', '"type":"other']);
    expect(lines(gone)).toEqual([`loss service token comfyui-api ${HOST}`]);
    expect(facts(gone)).toEqual(["narrows token comfyui-api"]);
    const other = "44444444-4444-4444-8444-444444444444";
    const anew = diffBetween(exported(), exported().replaceAll(TOKEN, other));
    expect(lines(anew)).toEqual([
      `gain service token comfyui-api (new credentials) ${HOST}`,
      `loss service token comfyui-api (old credentials) ${HOST}`,
    ]);
  });

  test("a longer session", () => {
    const diff = diffTo([people, machines, application(["people", "machines"], { sessionDuration: "168h" })]);
    expect(lines(diff)).toEqual([`longer ${ARTIST} ${HOST}`]);
    expect(renderText(diff)).toContain("168h instead of 24h");
    expect(diff.verdict).toBe("widened");
  });

  test("a token that is valid for longer", () => {
    const named = '"name":"comfyui-api"';
    const with_ = (duration: string) => exported().replace(named, `${named},"duration":"${duration}"`);
    const diff = diffBetween(with_("8760h"), with_("forever"));
    expect(facts(diff)).toEqual(["widens token duration comfyui-api"]);
    expect(diffBetween(with_("forever"), with_("8760h")).verdict).toBe("narrowed");
  });

  test("an organization that a login of nobody's here tells of, where every login is offered", () => {
    const told = {
      githubOrganization: { name: "partner-studio", identityProviderId: "no login of the stack's" },
    };
    const diff = diffTo([policy("people", "allow", [told]), application(["people"], { allowedIdps: [] })]);
    expect(
      diff.entries
        .filter(({ kind }) => kind === "depends")
        .flatMap(({ on }) => on)
        .join(),
    ).toContain("github");
  });

  test("another login that is offered", () => {
    const diff = diffTo([
      people,
      machines,
      application(["people", "machines"], { allowedIdps: [GOOGLE, PIN] }),
    ]);
    expect(facts(diff)).toEqual([`widens login offered ${HOST}`]);
    expect(renderText(diff)).toContain(`${HOST} now offers a login with One-time PIN`);
    const anyLogin = allow([ARTIST], { requires: [] });
    const open = diffTo([
      anyLogin,
      machines,
      application(["people", "machines"], { allowedIdps: [GOOGLE, PIN] }),
    ]);
    expect(open.entries).toMatchObject([
      { kind: "gain", who: ARTIST, when: ["logged in with One-time PIN"] },
    ]);
  });

  test.each<[string, string, string, string]>([
    ["proxying off", '"proxied":true', '"proxied":false', `widens proxying ${HOST}`],
    ["the connector's check gone", '"required":true', '"required":false', `widens connector check ${HOST}`],
    ["another origin", "localhost:8188", "localhost:9999", `moves origin ${HOST}`],
  ])("%s", (_, part, instead, expected) => {
    const diff = diffTo(undefined, [part, instead]);
    expect(facts(diff)).toEqual([expected]);
    expect(diff.verdict).toBe("widened");
  });

  test("preflights that pass, and foreign pages that may call", () => {
    const bypass = diffTo([
      people,
      machines,
      application(["people", "machines"], { optionsPreflightBypass: true }),
    ]);
    expect(facts(bypass)).toEqual([`widens preflights ${HOST}`]);
    const corsHeaders = { allowedOrigins: ["https://elsewhere.example"] };
    const cors = diffTo([people, machines, application(["people", "machines"], { corsHeaders })]);
    expect(facts(cors)).toEqual([`widens foreign pages ${HOST}`]);
  });
});

describe("what stays the same", () => {
  test("other names of policies and applications, another order, other ids", () => {
    const renamed = exported([application(["people", "machines"]), machines, people])
      .replaceAll('"people"', '"humans"')
      .replaceAll('"name":"comfyui"', '"name":"pictures"')
      .replaceAll('"id":"app"', '"id":"another"')
      .replaceAll(GOOGLE, "55555555-5555-4555-8555-555555555555");
    const { verdict, entries, facts } = diffBetween(exported(), renamed);
    expect({ verdict, entries, facts }).toEqual({ verdict: "no change", entries: [], facts: [] });
  });

  test("the hash: the same change gives the same one, another change another", () => {
    const changed = (state: string) => state.replaceAll(ARTIST, BOB);
    const renamed = exported([application(["people", "machines"]), machines, people]).replaceAll(
      '"people"',
      '"humans"',
    );
    const hash = diffBetween(exported(), changed(exported())).hash;
    expect(diffBetween(renamed, changed(renamed)).hash).toBe(hash);
    expect(diffBetween(exported(), exported().replaceAll(ARTIST, "eve@example.org")).hash).not.toBe(hash);
  });
});

describe("the report", () => {
  const diff = diffTo(both(allow([BOB, "eve@example.org"])));

  test("names the verdict first, each section in one line, then who gains, then who loses", () => {
    expect(renderText(diff)).toBe(
      [
        "Verdict: WIDENED (agreed to by --allow-widening)",
        "",
        "  Access       wider  somebody gains access, may gain it, or keeps it for longer",
        "  Traffic      same   every service is reached as before",
        "  Secrets      same   they go where they went before",
        "  Credentials  same   each counts as long as before",
        "  Not judged   same   nothing: all that changes is judged",
        "",
        "Access",
        "  Gains access",
        `    + ${BOB}, eve@example.org → ${HOST} – by logging in, for 24h`,
        "  Loses access",
        `    - ${ARTIST} → ${HOST} – until now by logging in, for 24h`,
        "",
      ].join("\n"),
    );
  });

  test("masked: stable names that another salt changes, and no address", () => {
    const masked = renderMarkdown(maskAddresses(diff, "one"));
    for (const address of [BOB, "eve@", "artist"]) expect(masked).not.toContain(address);
    expect(renderMarkdown(maskAddresses(diff, "one"))).toBe(masked);
    expect(renderMarkdown(maskAddresses(diff, "other"))).not.toBe(masked);
  });

  test("Markdown cannot be broken out of, nor mention anybody", () => {
    const nasty = diffTo(
      [people, machines, application(["people", "machines"])],
      ["localhost:8188", "a_b*<i>@team|`x`"],
    );
    const markdown = renderMarkdown(nasty);
    expect(markdown).toContain("http://a\\_b\\*&lt;i&gt;@\u200bteam\\|\\`x\\`");
    expect(markdown.split("\n")[0]).toMatch(/^### Verdict: \*\*WIDENED\*\*/);
  });
});

test("3: a rule before ours that names no host name takes its requests past the connector's check", () => {
  const list = '"ingresses":[';
  const before = `${list}{"path":"/","service":"http://localhost:8188"},`;
  const diff = diffTo(undefined, [list, before]);
  expect(diff.verdict).toBe("widened");
  expect(facts(diff)).toContain(`widens connector check ${HOST}`);
  // The end of a list that answers by itself takes nothing.
  expect(
    diffTo(undefined, [list, `${list}{"hostname":"other.datacrew.space","service":"http_status:404"},`])
      .verdict,
  ).toBe("no change");
});
