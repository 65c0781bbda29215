import { placesOf as destinationsOf } from "../../access";
import { UNKNOWN_VALUE } from "../../access/hidden";
import type { Site } from "../../access/site";
import type { Situation } from "../../access/situation";
import type { Fact } from "./fact";
import type { Sides } from "./sides";
import { type SitePair, sitesOf } from "./sites";

/**
 * What changes in whose JWTs the connector takes, where it checks them before and after: the audiences, and the team.
 * Which service checks at all is the rules' to say.
 */
export function connectorFacts(
  { before, after }: Sides,
  sites: readonly SitePair[] = sitesOf({ before, after }),
): Fact[] {
  if (checksOf(before) === checksOf(after)) return [];
  const facts = sites.flatMap(({ place, before: then, after: now }) => {
    if (!then.ingress?.jwtRequired || !now.ingress?.jwtRequired) return [];
    return [...audienceFacts({ before, after, then, now }), ...teamFacts(then, now)].map((change): Fact => {
      const pattern = now.ingress?.path;
      const name = pattern === undefined ? place.hostname : `${place.hostname} (paths like ${pattern})`;
      const detail = `${change.detail}${pattern === undefined ? "" : ` ${pattern}`}`;
      const text = `the connector ${change.does} for ${name}`;
      return { kind: "connector check", effect: change.effect, about: place.hostname, detail, text };
    });
  });
  return [...new Map(facts.map((fact) => [JSON.stringify(fact), fact])).values()];
}

/** All that whose JWTs are taken hangs on. */
const checksOf = ({ ingress, applications, records }: Situation): string =>
  JSON.stringify([
    ingress.map((rule) => ({ ...rule, service: "" })),
    applications.map((each) => [each.aud, destinationsOf(each)]),
    records,
  ]);

interface Change {
  effect: "widens" | "narrows";
  detail: string;
  /** What the connector does now, e.g. `now takes JWTs of …`. */
  does: string;
}

function audienceFacts({ before, after, then, now }: Sides & { then: Site; now: Site }): Change[] {
  const [was, is] = [then, now].map(({ ingress }) => ingress?.audTags ?? []) as [string[], string[]];
  const old = was.filter((tag) => !is.includes(tag)).map((tag) => ownerOf(tag, before, then));
  const come = is.filter((tag) => !was.includes(tag)).map((tag) => ownerOf(tag, after, now));
  return [
    ...without(come, old).map(({ words }) => ({
      effect: "widens" as const,
      detail: `takes ${words}`,
      does: `now takes JWTs of ${words}`,
    })),
    ...without(old, come).map(({ words }) => ({
      effect: "narrows" as const,
      detail: `refuses ${words}`,
      does: `no longer takes JWTs of ${words}`,
    })),
  ];
}

/** Whose an audience is: of one of the stack's applications, of nobody's known here, or for the update to tell. */
interface Owner {
  of: "stack" | "others" | "update";
  /** Without ids of the stack's: the same before and after an application is made anew. */
  words: string;
}

function ownerOf(tag: string, { applications }: Situation, { application }: Site): Owner {
  if (tag === UNKNOWN_VALUE) return { of: "update", words: "an audience that only the update tells" };
  if (tag === application?.aud) return { of: "stack", words: "the application in front" };
  const owner = applications.find(({ aud }) => aud === tag);
  if (owner === undefined) return { of: "others", words: `audience ${tag}` };
  return { of: "stack", words: `the application at ${destinationsOf(owner).join(", ")}` };
}

/**
 * Those that the others do not have. What only the update tells is an output of one of the stack's applications, and a
 * program ties it to the same one as before: each stands for one audience of the stack's on the other side.
 */
function without(owners: readonly Owner[], others: readonly Owner[]): Owner[] {
  const isIn = (list: readonly Owner[], { words }: Owner) => list.some((each) => each.words === words);
  const [left, right] = [
    owners.filter((owner) => !isIn(others, owner)),
    others.filter((owner) => !isIn(owners, owner)),
  ];
  const count = (list: readonly Owner[], of: Owner["of"]) => list.filter((each) => each.of === of).length;
  let stack = count(right, "update");
  let update = count(right, "stack");
  return left.filter(({ of }) => {
    if (of === "stack" && stack > 0) stack -= 1;
    else if (of === "update" && update > 0) update -= 1;
    else return true;
    return false;
  });
}

function teamFacts({ ingress: then }: Site, { ingress: now }: Site): Change[] {
  if (then?.teamName === now?.teamName) return [];
  const [old, come] = [then, now].map((rule) => {
    const { teamName } = rule ?? {};
    if (teamName === undefined) return "no team";
    return teamName === UNKNOWN_VALUE ? "a team that only the update tells" : `team ${teamName}`;
  });
  return [{ effect: "widens", detail: `${old} ${come}`, does: `takes JWTs of ${come} instead of ${old}` }];
}
