import { LONGEST_EXCEPTION_DAYS } from "./limits";

/** What an exception is about. */
interface Named {
  urn: string;
  name: string;
}

/** Lets one rule pass on one resource, for a reason and a time. */
export interface Exception {
  /** URN of the resource, or its name where the rule judges no other of that name. */
  resource: string;
  /** Why, for whoever reviews it. */
  reason: string;
  /** Last day on which it holds, `YYYY-MM-DD` in UTC. */
  expires: string;
}

/** JSON schema of a rule's exceptions. Loose on purpose: `flawOf` names what is wrong, and the run fails on it. */
export const EXCEPTIONS_SCHEMA = {
  type: "array",
  items: {
    type: "object",
    properties: {
      resource: { type: "string", description: "URN or name of the one resource that is excepted." },
      reason: { type: "string", description: "Why it is excepted." },
      expires: { type: "string", description: "Last day on which it is excepted, YYYY-MM-DD in UTC." },
    },
    additionalProperties: false,
  },
  description: "Resources on which the rule may fail for a while.",
} as const;

/**
 * What is wrong with an exception, so that it excepts nothing; undefined when it is good.
 * @param today the day of the run
 * @param resources those that the rule judges; undefined while not all of them are known
 */
export function flawOf(
  exception: Partial<Exception>,
  today: Date,
  resources: readonly Named[] = [],
): string | undefined {
  const { resource, expires = "" } = exception;
  const flaw = formFlawOf(exception) ?? tooFar(exception, today);
  if (flaw !== undefined) return flaw;
  if ((endOf(expires) ?? 0) <= today.getTime()) return `for ${resource} expired on ${expires}`;
  const meant = resources.filter((each) => names(exception, each));
  return meant.length > 1 ? `for ${resource} fits ${meant.length} resources: use the URN of one` : undefined;
}

/** What is wrong with an exception on whatever day; undefined when it is whole. */
export function formFlawOf({
  resource = "",
  reason = "",
  expires = "",
}: Partial<Exception>): string | undefined {
  if (resource.trim() === "" || resource.includes("*")) return "names no single resource";
  if (reason.trim() === "") return `for ${resource} gives no reason`;
  return endOf(expires) === undefined ? `for ${resource} has no expiry date (YYYY-MM-DD)` : undefined;
}

/** What is wrong with the day of one that would hold for longer than an exception may; undefined when it is near enough. */
export function tooFar(
  { resource = "", expires = "" }: Pick<Partial<Exception>, "resource" | "expires">,
  today: Date,
): string | undefined {
  const last = (endOf(expires) ?? 0) - DAY;
  if (last - today.getTime() <= LONGEST_EXCEPTION_DAYS * DAY) return undefined;
  return `for ${resource} expires on ${expires}, more than ${LONGEST_EXCEPTION_DAYS} days ahead`;
}

/** Whether an exception means a resource. */
export function names({ resource }: Partial<Exception>, { urn, name }: Named): boolean {
  return resource === urn || resource === name;
}

const DAY = 86_400_000;

/** The first moment after a day; undefined when it is not one. */
function endOf(day: string): number | undefined {
  const start = /^\d{4}-\d{2}-\d{2}$/.test(day) ? new Date(`${day}T00:00:00Z`) : undefined;
  // A day that the month does not have would be moved to the next month.
  const exists = start !== undefined && !Number.isNaN(start.getTime()) && start.toISOString().startsWith(day);
  return exists ? start.getTime() + DAY : undefined;
}
