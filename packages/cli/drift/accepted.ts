import { flawOf, names } from "../../../config/exception";
import type { DriftAcceptance } from "../../../config/stack-config";
import type { Situation } from "../../access/situation";
import type { Orphan } from "../orphans/orphan";
import type { Accepted, Change, IdleAcceptance, Subject } from "./types";

/** How an acceptance names an object that is not the stack's, also one that only looks like it. */
const ORPHAN = "added" satisfies Change["what"];

/** What counts of a report, what of it is accepted, and which acceptances accept nothing. */
export interface Sorted {
  changes: Change[];
  orphans: Orphan[];
  accepted: Accepted[];
  idle: IdleAcceptance[];
}

/** How an acceptance names a change: its field, or what became of the whole object. */
const findingOf = ({ field, what }: Pick<Change, "field" | "what">): string => field ?? what;

/** Takes what the config accepts out of what counts. An acceptance that has expired accepts nothing any more. */
export function sortAccepted(
  found: { changes: readonly Change[]; orphans: readonly Orphan[] },
  acceptances: readonly DriftAcceptance[],
  now: Date,
): Sorted {
  const sorted: Sorted = { changes: [], orphans: [], accepted: [], idle: [] };
  const objects = [
    ...found.changes.map((change) => ({ finding: findingOf(change), urn: change.id, name: change.name })),
    ...found.orphans.map(({ id, name }) => ({ finding: ORPHAN, urn: id, name })),
  ];
  const good = acceptances.filter((acceptance) => {
    const why = whyIdle(acceptance, objects, now);
    if (why !== undefined) sorted.idle.push({ ...acceptance, why });
    return why === undefined;
  });
  const acceptanceOf = (finding: string, { id, name }: { id: string; name: string }) =>
    good.find((each) => each.finding === finding && names(each, { urn: id, name }));
  for (const change of found.changes) {
    const by = acceptanceOf(findingOf(change), change);
    if (by === undefined) sorted.changes.push(change);
    else sorted.accepted.push({ change, reason: by.reason, expires: by.expires });
  }
  for (const orphan of found.orphans) {
    const by = acceptanceOf(ORPHAN, orphan);
    if (by === undefined) sorted.orphans.push(orphan);
    else sorted.accepted.push({ orphan, reason: by.reason, expires: by.expires });
  }
  return sorted;
}

function whyIdle(
  acceptance: DriftAcceptance,
  objects: readonly { finding: string; urn: string; name: string }[],
  now: Date,
): IdleAcceptance["why"] | undefined {
  if (flawOf(acceptance, now) !== undefined) return "expired";
  const meant = objects.filter((each) => each.finding === acceptance.finding && names(acceptance, each));
  if (meant.length === 0) return "matches nothing";
  return new Set(meant.map(({ urn }) => urn)).size > 1 ? "fits several" : undefined;
}

/**
 * The former situation as if what is accepted had been so: who gets in by it is then no news. Only an object of which
 * every change is accepted counts; otherwise what is not accepted would go with it.
 */
export function settled(
  before: Situation,
  after: Situation,
  { accepted, changes }: Pick<Sorted, "accepted" | "changes">,
): Situation {
  const taken = accepted.flatMap(({ change }) => change ?? []);
  const key = ({ subject, id, name }: Change) =>
    // One list of rules, and one name for all records of it: a visitor cannot tell them apart.
    subject === "tunnel configuration"
      ? subject
      : `${subject} ${subject === "DNS record" ? name.toLowerCase() : id}`;
  const open = new Set(changes.map(key));
  const whole = new Set(taken.map(key).filter((each) => !open.has(each)));
  if (whole.size === 0) return before;
  const is = (subject: Subject, id: string) => whole.has(`${subject} ${id}`);
  const merged = <T>(then: readonly T[], now: readonly T[], isTaken: (each: T) => boolean): T[] => [
    ...then.filter((each) => !isTaken(each)),
    ...now.filter(isTaken),
  ];
  const policies = new Map(
    after.applications.flatMap((each) => each.policies.map((policy) => [policy.id, policy] as const)),
  );
  const applications = merged(before.applications, after.applications, ({ id }) => is("application", id));
  const records = merged(before.records, after.records, ({ name }) => is("DNS record", name.toLowerCase()));
  return {
    ...before,
    applications: applications.map((each) => ({
      ...each,
      policies: each.policies.flatMap((policy) =>
        is("policy", policy.id) ? (policies.get(policy.id) ?? []) : [policy],
      ),
    })),
    tokens: merged(before.tokens, after.tokens, ({ id }) => is("service token", id)),
    identityProviders: merged(before.identityProviders, after.identityProviders, ({ id }) =>
      is("identity provider", id),
    ),
    ingress: whole.has("tunnel configuration") ? after.ingress : before.ingress,
    records,
    hostnames: records.map(({ name }) => name),
  };
}
