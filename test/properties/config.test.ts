import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, test } from "vitest";
import {
  CONFIG_KEYS,
  ConfigError,
  type ParseContext,
  parseConfig,
  settingsOf,
} from "../../config/stack-config";
import { parseDuration } from "../../packages/base/duration";
import { editDistance } from "../../packages/base/nearest";
import { cpuTime } from "../support/cpu-time";
import { caseCount, holds } from "../support/properties";
import {
  anyJson,
  goDuration,
  hostname,
  label,
  NASTY_KEYS,
  ownObject,
  type RawConfig,
  service,
  time,
  validConfig,
} from "./config-arbitraries";

const context = {
  stack: "dev",
  secretKeys: new Set(["google", "google.clientSecret"]),
  // After every time that is tried: how far ahead one may lie is not what these are about.
  now: new Date("2100-01-02T00:00:00Z"),
};

/** What a config came to; anything but a config or a ConfigError goes on to the test. */
function judged(raw: Record<string, unknown>, within: ParseContext = context) {
  try {
    return { config: parseConfig(raw, within), problems: [], message: "" };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const { path, found, remedy } of error.problems) {
      assert.ok(found !== "" && remedy !== "", `${path} has a finding and a remedy`);
    }
    return { problems: error.problems, message: error.message };
  }
}

const pathsOf = (raw: Record<string, unknown>) => judged(raw).problems.map(({ path }) => path);

const anyKey = fc.oneof(
  fc.constantFrom<string>(...CONFIG_KEYS),
  fc.constantFrom(
    "google.clientId",
    "applications[0].allow.emails[0]",
    "applications[99].name",
    "tunnel.id.x[0]",
  ),
  fc.constantFrom(...NASTY_KEYS),
  fc.string({ maxLength: 8 }),
);
const anySettings = fc.array(fc.tuple(anyKey, anyJson), { maxLength: 6 }).map(ownObject);

describe("whatever the config holds", () => {
  test("it is taken or refused by the key, and never anything else", () => {
    holds(
      fc.property(anySettings, (raw) => {
        const { problems } = judged(raw);
        const known = [
          ...CONFIG_KEYS,
          ...Object.keys(raw),
          ...Object.keys(raw).map((key) => key.split(/[.[]/)[0]),
        ];
        for (const { path } of problems) {
          assert.ok(
            known.some((key) => path === key || path.startsWith(`${key}.`) || path.startsWith(`${key}[`)),
            `${path} is a key of the config`,
          );
        }
        // Whatever else is wrong, no name goes unnoticed.
        for (const key of Object.keys(raw).filter((each) => !/^[A-Za-z]+$|[.[]/.test(each))) {
          assert.ok(
            problems.some(({ path }) => path === key),
            `${JSON.stringify(key)} is refused`,
          );
        }
      }),
      { runs: 3000 },
    );
  });

  test("one value in a valid config may be any other", () => {
    holds(
      fc.property(validConfig, anyJson, fc.nat(), (raw, value, where) => {
        const places = placesIn(raw);
        const { path } = places[where % places.length] as Place;
        judged(changed(raw, path, value));
      }),
      { runs: 1500 },
    );
  });

  test("the engine's text for it is read, or refused, too", () => {
    holds(
      fc.property(
        fc.array(
          fc.tuple(
            anyKey,
            fc.oneof(
              anyJson.map((value) => JSON.stringify(value)),
              fc.string(),
            ),
          ),
        ),
        (rows) => {
          const { raw } = settingsOf(
            rows.map(([key, value]) => [`comfyui-access:${key}`, { value }] as const),
            "comfyui-access",
          );
          assert.deepEqual(Object.keys(raw).sort(), [...new Set(rows.map(([key]) => key))].sort());
          judged(raw);
        },
      ),
      { runs: 3000 },
    );
  });
});

describe("a valid config", () => {
  test("is taken, and what was made of it is a valid config of the same meaning", () => {
    holds(
      fc.property(validConfig, (raw) => {
        const { config, message } = judged(raw);
        assert.ok(config !== undefined, message);
        assert.deepEqual(parseConfig(JSON.parse(JSON.stringify(config)), context), config);
        assert.equal(config.zone, raw.zone);
        assert.equal(config.applications.length, raw.applications.length);
      }),
      { runs: 1500 },
    );
  });

  test("means the same with values under keys that are paths", () => {
    holds(
      fc.property(validConfig, fc.nat(), (raw, where) => {
        const places = placesIn(raw).filter(
          ({ path }) => path.length > 1 && isLeaf(raw, path) && isMovable(raw, path),
        );
        const place = places[where % places.length];
        if (place === undefined) return;
        const { path, text } = place;
        const moved = { ...without(raw, path), [text]: at(raw, path) };
        assert.deepEqual(judged(moved).config, judged(raw).config);
      }),
      { runs: 1500 },
    );
  });

  test("with one thing broken is refused there, and nowhere else", () => {
    holds(
      fc.property(validConfig, fc.nat(), (raw, which) => {
        const breaks = breaksOf(raw);
        const [path, value, expected] = breaks[which % breaks.length] as Break;
        assert.deepEqual([...new Set(pathsOf(changed(raw, path, value)))], [expected]);
      }),
      { runs: 2000 },
    );
  });

  test("with a misspelt name is refused with the right one", () => {
    holds(
      fc.property(
        validConfig,
        fc.nat(),
        fc.nat(),
        fc.constantFrom("q", "7", "Q"),
        (raw, where, position, letter) => {
          const places = placesIn(raw).filter(({ path }) => {
            const name = path.at(-1);
            return typeof name === "string" && name.length > 4 && path[0] !== "accessTests";
          });
          const { path } = places[where % places.length] as Place;
          const name = String(path.at(-1));
          const wrong = spelt(name, position, letter);
          if (editDistance(name, wrong) === 0) return;
          const parent = path.slice(0, -1);
          const problem = judged(
            changed(without(raw, path), [...parent, wrong], at(raw, path)),
          ).problems.find(({ found }) => found === "unknown key");
          assert.equal(problem?.path, textOf([...parent, wrong]));
          assert.equal(problem?.remedy, `Did you mean ${textOf(path)}?`);
        },
      ),
      { runs: 1500 },
    );
  });
});

test("no message holds a value of a key that is encrypted, wherever in it the secret was put", () => {
  const secret = fc
    .string({ unit: fc.constantFrom(..."abcXYZ09-_/+=@. '"), minLength: 20, maxLength: 30 })
    .map((text) => `GOCSPX-${text}`);
  holds(
    fc.property(validConfig, secret, fc.nat(), (raw, hidden, where) => {
      const places = placesIn(raw);
      const { path } = places[where % places.length] as Place;
      const within = { stack: "dev", secretKeys: new Set(["google", String(path[0])]) };
      const { message, problems } = judged(changed(raw, path, hidden), within);
      assert.ok(!message.includes(hidden) && !JSON.stringify(problems).includes(hidden), message);
    }),
    { runs: 1500 },
  );
});

test("durations are read as Go writes them, and nothing else is one", () => {
  holds(
    fc.property(goDuration, ({ text, seconds }) => {
      assert.ok(Math.abs((parseDuration(text) ?? Number.NaN) - seconds) < 1e-6);
    }),
    { runs: 4000 },
  );
  holds(
    fc.property(fc.string({ unit: fc.constantFrom(..."0123456789.hmsnu -"), maxLength: 8 }), (text) => {
      const hours = Number(/^(\d+(?:\.\d+)?)h/.exec(text)?.[1] ?? 0);
      const isOne = /^(\d+(\.\d+)?(h|ms?|s|ns|us))+$/.test(text) && hours < 2_562_048;
      assert.equal(parseDuration(text) !== undefined, isOne);
      if (isOne) assert.ok(Number(parseDuration(text)) >= 0);
    }),
    { runs: 4000 },
  );
});

const base = (): RawConfig => ({
  accountId: "0".repeat(32),
  zone: "example.org",
  teamName: "t",
  google: { identityProviderId: "11111111-2222-4333-8444-555555555555" },
  tunnel: { name: "t" },
  applications: [{ allow: { emails: ["a@example.org"] } }],
});

test("a host name is one by its labels", () => {
  holds(
    fc.property(fc.string({ unit: fc.constantFrom(..."ab0-_.A* /:"), maxLength: 10 }), (text) => {
      const labels = text.split(".");
      const isOne =
        labels.length > 1 &&
        labels.slice(0, -1).every((one) => /^[ab0_]([ab0_-]*[ab0])?$/.test(one)) &&
        /^[ab0]([ab0-]*[ab0])?$/.test(labels.at(-1) ?? "") &&
        // No number, in any notation.
        /[ab-]/.test(labels.at(-1) ?? "");
      const applications = [{ hostname: "a.example.org", allow: { emails: ["a@b.c"] } }];
      const found = judged({ ...base(), applications, zone: text }).problems.filter(
        ({ path }) => path === "zone",
      );
      assert.equal(found.length === 0, isOne, text);
    }),
    { runs: 4000 },
  );
  holds(
    fc.property(hostname, (zone) => {
      assert.deepEqual(judged({ ...base(), zone }).config?.applications[0]?.hostname, `comfyui.${zone}`);
    }),
    { runs: 1000 },
  );
});

test("a service is taken as it is written, and refused with a path or a password", () => {
  holds(
    fc.property(service, fc.constantFrom("/", "/a", "?q", "#f"), label, (address, path, word) => {
      const given = (text: string) => ({
        ...base(),
        applications: [{ service: text, allow: { emails: ["a@b.c"] } }],
      });
      assert.equal(judged(given(address)).config?.applications[0]?.service, address);
      if (!address.includes("://")) return;
      assert.deepEqual(pathsOf(given(address + path)), ["applications[0].service"]);
      const withPassword = judged(given(address.replace("://", `://user:hidden-${word}@`)));
      assert.deepEqual(
        withPassword.problems.map((each) => each.path),
        ["applications[0].service"],
      );
      assert.ok(!withPassword.message.includes(`hidden-${word}`));
    }),
    { runs: 1500 },
  );
});

test("a time is one that the calendar has", () => {
  const at = (previousExpiresAt: string) =>
    pathsOf({ ...base(), serviceTokens: [{ name: "api", version: 2, previousExpiresAt }] });
  const two = fc.nat(99).map((number) => String(number).padStart(2, "0"));
  holds(
    fc.property(time, (text) => assert.deepEqual(at(text), [])),
    { runs: 1000 },
  );
  holds(
    fc.property(two, two, two, two, two, (month, day, hour, minute, second) => {
      const text = `2027-${month}-${day}T${hour}:${minute}:${second}Z`;
      const date = new Date(
        Date.UTC(2027, Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)),
      );
      const isOne = date.toISOString() === text.replace("Z", ".000Z");
      assert.deepEqual(at(text), isOne ? [] : ["serviceTokens[0].previousExpiresAt"]);
    }),
    { runs: 2000, examples: [["02", "30", "00", "00", "00"]] },
  );
});

test("long text is judged as quickly as short text", () => {
  // Each a megabyte, or in lists of many: a check that looks back over and over would not come to an end.
  const long = fc
    .constantFrom("a", "-", ".", "a.", "a@", "1h", "/", "\\", " ", "[")
    .map((unit) => unit.repeat(100_000));
  const runs = caseCount(30);
  const started = cpuTime();
  holds(
    fc.property(fc.constantFrom<string>(...CONFIG_KEYS), long, fc.boolean(), (key, text, within) => {
      judged({ ...base(), [key]: text });
      if (within)
        judged({
          ...base(),
          applications: [
            {
              ...Object.fromEntries([[text, 1]]),
              hostname: text,
              service: text,
              sessionDuration: text,
              name: text,
              serviceTokens: [text],
            },
          ],
          serviceTokens: [{ name: text, duration: text }],
        });
    }),
    { runs: 30 },
  );
  assert.ok((cpuTime() - started) / runs < 2000);
});

type Path = (string | number)[];
interface Place {
  path: Path;
  /** As `pulumi config set --path` spells it. */
  text: string;
}
type Break = [path: Path, value: unknown, expected: string];

const textOf = (path: Path): string =>
  path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : text === "" ? part : `${text}.${part}`),
    "",
  );

/** Every place in a value. */
function placesIn(value: unknown, path: Path = []): Place[] {
  const own = path.length === 0 ? [] : [{ path, text: textOf(path) }];
  if (Array.isArray(value))
    return [...own, ...value.flatMap((each, index) => placesIn(each, [...path, index]))];
  if (typeof value !== "object" || value === null) return own;
  return [...own, ...Object.entries(value).flatMap(([key, each]) => placesIn(each, [...path, key]))];
}

const at = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((inner, part) => (inner as Record<string | number, unknown>)[part], value);
const isLeaf = (raw: unknown, path: Path): boolean => typeof at(raw, path) !== "object";
/** The last of a list can be moved to a key of its own; from the middle it would leave a hole. */
const isMovable = (raw: RawConfig, path: Path): boolean =>
  path.every(
    (part, index) =>
      typeof part === "string" ||
      index < path.length - 1 ||
      part === (at(raw, path.slice(0, index)) as unknown[]).length - 1,
  );

function changed(raw: RawConfig, path: Path, value: unknown): Record<string, unknown> {
  const copy = structuredClone(raw) as Record<string, unknown>;
  (at(copy, path.slice(0, -1)) as Record<string | number, unknown>)[path.at(-1) ?? ""] = value;
  return copy;
}

function without(raw: RawConfig, path: Path): RawConfig {
  const copy = structuredClone(raw);
  const parent = at(copy, path.slice(0, -1)) as Record<string | number, unknown>;
  const last = path.at(-1) ?? "";
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else delete parent[last];
  return copy;
}

/** The name with one letter put in, changed or left out. */
function spelt(name: string, position: number, letter: string): string {
  const index = position % name.length;
  const cut = [1, 0, 2][position % 3] ?? 1;
  return cut === 2
    ? name.slice(0, index) + name.slice(index + 1)
    : name.slice(0, index) + letter + name.slice(index + cut);
}

/** Ways to break one thing, each with the path where it is to be found. */
function breaksOf(raw: RawConfig): Break[] {
  const application = ["applications", 0];
  const simple: Break[] = [
    [["accountId"], "0".repeat(31), "accountId"],
    [["accountId"], "A".repeat(32), "accountId"],
    [["teamName"], "team.cloudflareaccess.com", "teamName"],
    [["zone"], "https://example.org", "zone"],
    [["tunnel"], {}, "tunnel"],
    [["tunnel"], { name: "a", id: "11111111-2222-4333-8444-555555555555" }, "tunnel"],
    [["tunnel"], { id: "home" }, "tunnel.id"],
    [["google"], { identityProviderId: "x" }, "google.identityProviderId"],
    [["google"], { clientId: "x.apps.googleusercontent.com" }, "google.clientSecret"],
    [["google"], { clientSecret: "GOCSPX-0" }, "google.clientId"],
    [["applications"], [], "applications"],
    [["applications"], "comfyui", "applications"],
    [[...application, "hostname"], "other.example.invalid", "applications[0].hostname"],
    [[...application, "hostname"], "*.example.org", "applications[0].hostname"],
    [[...application, "service"], "localhost:8188", "applications[0].service"],
    [[...application, "sessionDuration"], "1d", "applications[0].sessionDuration"],
    [[...application, "sessionDuration"], "801h", "applications[0].sessionDuration"],
    [[...application, "allow"], { emails: ["nobody"] }, "applications[0].allow.emails[0]"],
    [
      [...application, "allow"],
      { emails: ["a@b.c"], emailDomains: ["gmail.com"] },
      "applications[0].allow.emailDomains[0]",
    ],
    [[...application, "allow"], { emails: ["a@b.c", "A@b.c"] }, "applications[0].allow.emails[1]"],
    [[...application, "allow"], { emails: "a@b.c" }, "applications[0].allow.emails"],
    [[...application, "serviceTokens"], ["no-such-token-at-all"], "applications[0].serviceTokens[0]"],
    [["protectTokens"], "yes", "protectTokens"],
    [["maxSessionDuration"], "long", "maxSessionDuration"],
    [["secretStore"], { kind: "vault" }, "secretStore.kind"],
    [["secretStore"], { kind: "gcp" }, "secretStore.project"],
    [
      ["secretStore"],
      { kind: "gcp", project: "datacrew-prod", readers: ["allUsers"] },
      "secretStore.readers[0]",
    ],
    [["infisical"], { projectId: "x", environment: "prod" }, "infisical.projectId"],
    [["alerts"], { emails: [] }, "alerts.emails"],
    [["adopted"], ["comfyui"], "adopted[0]"],
    [["accessTests"], [{ anyone: true, deny: ["no-such-application"] }], "accessTests[0].deny[0]"],
    [["accessTests"], [{ deny: ["*"] }], "accessTests[0]"],
  ];
  const second = raw.applications.length;
  const twice = { ...raw.applications[0], hostname: `another.${raw.zone}` };
  const tokens = raw.serviceTokens ?? [];
  return [
    ...simple,
    [["applications", second], twice, `applications[${second}].name`],
    ...tokens.slice(0, 1).flatMap((first, index): Break[] => [
      [["serviceTokens", index, "duration"], "a year", `serviceTokens[${index}].duration`],
      [["serviceTokens", index, "version"], 0, `serviceTokens[${index}].version`],
      [["serviceTokens", tokens.length], first, `serviceTokens[${tokens.length}].name`],
    ]),
  ];
}
