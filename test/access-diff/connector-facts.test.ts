import { expect, test } from "vitest";
import { UNKNOWN_VALUE } from "../../packages/access/hidden";
import type { Situation } from "../../packages/access/situation";
import { accessDiff } from "../../packages/cli/access-diff/access-diff";

const HOST = "comfyui.datacrew.space";

const application = (name: string, aud: string | undefined): Situation["applications"][number] => ({
  id: name,
  name,
  ...(aud === undefined ? {} : { aud }),
  destinations: [{ type: "public", uri: `${name}.datacrew.space` }],
  policies: [],
  allowedIdps: [],
  serviceAuth401: false,
  preflightBypass: false,
});

interface Check {
  tags: string[];
  team?: string;
  path?: string;
}

const situation = ({ tags, team = "datacrew", path }: Check, aud: string | undefined = "own"): Situation => ({
  applications: [application("comfyui", aud), application("wiki", "wiki")],
  tokens: [],
  identityProviders: [],
  ingress: [
    {
      hostname: HOST,
      ...(path === undefined ? {} : { path }),
      service: "http://localhost:8188",
      jwtRequired: true,
      teamName: team,
      audTags: tags,
    },
  ],
  hostnames: [HOST],
  records: [{ name: HOST, proxied: true, target: "house.cfargotunnel.com" }],
  tunnelId: "house",
  notJudged: [],
});

const told = (before: Situation, after: Situation) => {
  const { verdict, facts } = accessDiff(before, after);
  return [verdict, ...facts.map(({ effect, text }) => `${effect}: ${text}`)];
};

test("an audience more, and another team, widen; an audience less narrows", () => {
  const own = situation({ tags: ["own"] });
  const wiki = situation({ tags: ["own", "wiki"] });
  const foreign = situation({ tags: ["own", "f00"] });
  const more = `the connector now takes JWTs of`;
  expect(told(own, wiki)).toEqual([
    "widened",
    `widens: ${more} the application at wiki.datacrew.space for ${HOST}`,
  ]);
  expect(told(own, foreign)).toEqual(["widened", `widens: ${more} audience f00 for ${HOST}`]);
  expect(told(foreign, own)).toEqual([
    "narrowed",
    `narrows: the connector no longer takes JWTs of audience f00 for ${HOST}`,
  ]);
  expect(told(own, situation({ tags: ["own"], team: "evil" }))).toEqual([
    "widened",
    `widens: the connector takes JWTs of team evil instead of team datacrew for ${HOST}`,
  ]);
  const some = (tags: string[]) => situation({ tags, path: "^/api" });
  expect(told(some(["own"]), some(["own", "f00"]))).toEqual([
    "widened",
    `widens: the connector now takes JWTs of audience f00 for ${HOST} (paths like ^/api)`,
  ]);
});

test("the application's own audience is the same however a plan and a state spell it", () => {
  const own = situation({ tags: ["own"] });
  // An update of the application: its own stays, and the plan does not know what the connector's comes to.
  expect(told(own, situation({ tags: [UNKNOWN_VALUE] }))).toEqual(["no change"]);
  expect(told(situation({ tags: [UNKNOWN_VALUE] }), own)).toEqual(["no change"]);
  // Made anew: nothing is known of it but that it is the one in front.
  expect(told(own, situation({ tags: [UNKNOWN_VALUE] }, UNKNOWN_VALUE))).toEqual(["no change"]);
  expect(told(own, situation({ tags: ["new"] }, "new"))).toEqual(["no change"]);
  const both = situation({ tags: ["own", "wiki"] });
  expect(told(both, situation({ tags: [UNKNOWN_VALUE, "wiki"] }))).toEqual(["no change"]);
  expect(told(both, situation({ tags: [UNKNOWN_VALUE, UNKNOWN_VALUE] }))).toEqual(["no change"]);
});

test("what only the update tells stands for no audience more than there was", () => {
  const own = situation({ tags: ["own"] });
  const widens = `widens: the connector now takes JWTs of an audience that only the update tells for ${HOST}`;
  expect(told(own, situation({ tags: ["own", UNKNOWN_VALUE] }))).toEqual(["widened", widens]);
  expect(told(own, situation({ tags: [UNKNOWN_VALUE, UNKNOWN_VALUE] }))).toEqual(["widened", widens]);
  expect(told(situation({ tags: ["f00"] }), situation({ tags: [UNKNOWN_VALUE] }))[0]).toBe("widened");
  expect(told(own, situation({ tags: ["own"], team: UNKNOWN_VALUE }))).toEqual([
    "widened",
    `widens: the connector takes JWTs of a team that only the update tells instead of team datacrew for ${HOST}`,
  ]);
});
