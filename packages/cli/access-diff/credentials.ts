import { DEFAULT_LIMITS, lifetime } from "../../../config/limits";
import type { Situation, StateToken } from "../../access/situation";
import type { Fact } from "./fact";
import type { Sides } from "./sides";

/** How long tokens and their secrets are valid; who comes with one is the policies' to say. */
export function tokenFacts({ before, after }: Sides): Fact[] {
  const find = ({ tokens }: Situation, { id }: StateToken) => tokens.find((token) => token.id === id);
  const fact = (fact: Fact): Fact => fact;
  return [
    ...before.tokens
      .filter((token) => find(after, token) === undefined)
      .map(({ name }) => {
        const text = `service token ${name} is deleted: clients that use its credentials are cut off`;
        return fact({ kind: "token", effect: "narrows", about: name, detail: "deleted", text });
      }),
    ...after.tokens.flatMap((token) => {
      const { name: about, duration } = token;
      const old = find(before, token);
      if (old === undefined) {
        if (lastsFor(token) === Number.POSITIVE_INFINITY) {
          const text = `service token ${about} is created, and never ends`;
          return [fact({ kind: "token duration", effect: "widens", about, detail: "endless", text })];
        }
        const text = `service token ${about} is created${duration === undefined ? "" : `, valid for ${duration}`}`;
        return [fact({ kind: "token", effect: "informs", about, detail: `created ${duration ?? ""}`, text })];
      }
      const [then, now] = [lastsFor(old), lastsFor(token)];
      const overlap = overlapFacts(old, token);
      if (then === now) return overlap;
      const effect = now > then ? "widens" : "narrows";
      const detail = `${old.duration ?? ""} ${duration ?? ""}`;
      const text = `service token ${about} is valid for ${duration} instead of ${old.duration}`;
      return [fact({ kind: "token duration", effect, about, detail, text }), ...overlap];
    }),
  ].sort((a, b) => (a.about < b.about ? -1 : 1));
}

/**
 * Whether a secret that was replaced is accepted for longer. With a rotation it is the secret so far, which ended with
 * the token; without one, the same secret as before.
 */
function overlapFacts(old: StateToken, token: StateToken): Fact[] {
  const { name: about, previousExpiresAt: until } = token;
  // Where it is not known, nothing is said of it: a reading of the account does not show it.
  if (until === undefined) return [];
  const isRotated = (token.version ?? 1) !== (old.version ?? 1);
  const before = isRotated ? (old.expiresAt ?? until) : old.previousExpiresAt;
  const [then, now] = [endOf(before), endOf(until)];
  if (!isRotated && then === now) return [];
  const effect = now > then ? "widens" : isRotated ? "informs" : "narrows";
  const text = isRotated
    ? `the secret so far of service token ${about} is accepted until ${until}`
    : `the secret before of service token ${about} is accepted until ${until} instead of ${before ?? "no longer"}`;
  return [{ kind: "previous secret", effect, about, detail: `${before ?? ""} ${until}`, text }];
}

/** When a time is, in milliseconds: before all others where there is none, after them where it cannot be read. */
function endOf(time: string | undefined): number {
  if (time === undefined) return Number.NEGATIVE_INFINITY;
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? Number.POSITIVE_INFINITY : ms;
}

/** Of one that does not say it, the API's default, which is the stack's own too. */
const lastsFor = ({ duration = DEFAULT_LIMITS.maxTokenDuration }: StateToken): number => lifetime(duration);
