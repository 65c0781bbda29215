// Why there are two mechanisms, a raised version and a stand-in.
//
// The version alone is not enough. Cloudflare shows a secret once, and accepts the newest one and the one before. When the
// answer to a raise is lost, the secret that is known is the one before. To raise again makes the lost one the one before:
// the known one is refused at that moment, while nobody can have its successor yet. To wait ends the known one too. So
// another token has to be in use first, whatever it is called.
//
// Two tokens in turn would be enough, and worse in every rotation that goes well. The client id would change: a policy that
// another stack or somebody by hand has put the token into, an application that reads `common_name`, and every log would
// lose it. An old token ends only by one more run that deletes it, where an old secret ends by itself. And tokens that are
// protected, since clients live by them, would be deleted each time. The version would stay all the same, for tokens that
// have one above 1, which must never be lowered.
//
// So the version is the rule, and the stand-in serves for the time in which it cannot be raised.
import { sameInstant } from "../../base/instant";
import { type ConfigFacts, type Facts, type StateFacts, UNKNOWN_SECRET, type Wish } from "./facts";
import { versionAfter } from "./version-after";

/** What a rotation does next. */
export type Step =
  /** Raise the version in the config; the secret of the state becomes the one before. */
  | { do: "raise"; version: number; previousExpiresAt: Date; replaces: string }
  /** The version was raised, but nothing was sent yet, as far as is known: note what it replaces, and for how long. */
  | { do: "note"; previousExpiresAt: Date; replaces: string }
  /** Bring the stack up to its config. */
  | { do: "up" }
  /** Declare a stand-in: the newest secret is not known, and raising again would end the one that is. */
  | { do: "stand-in"; previousExpiresAt: Date; why: "lost" | "in doubt" }
  /** Does Access take this secret? */
  | { do: "probe"; whose: "token" | "stand-in"; fingerprint: string }
  /** Put what is handed out into the sinks. */
  | { do: "hand-out"; whose: "token" | "stand-in"; fingerprint: string }
  /** Hand out the token's own credentials again; the stand-in is accepted until then. */
  | { do: "retire"; until: Date }
  /** End the secret before. */
  | { do: "end"; previousExpiresAt: Date }
  /** Make the token live longer. */
  | { do: "extend"; expiresAt: string }
  /** Note in the config that the new secret is in use. */
  | { do: "prove"; fingerprint: string; at: Date }
  /** Take the stand-in out of the config. */
  | { do: "remove-stand-in" }
  /** Nothing to do now. */
  | { do: "nothing"; because: Nothing; until?: string }
  /** The secret before has to reach its end first, since others may use it; then run again. */
  | { do: "wait"; until: string }
  /** It cannot go on. */
  | { do: "stop"; because: Stop };

type Nothing = "not due" | "done" | "rotated already" | "stand-in retires";
export type Stop =
  | "not in the state"
  | "config behind state"
  | "refused"
  | "unreachable"
  | "stand-in unknown"
  | "rotated already"
  | "in doubt";

/**
 * How long the secret before is accepted after it was ended: the time is the vendor's to judge, and one that has
 * passed when it arrives might be refused. Milliseconds.
 */
const END_MS = 30_000;

/**
 * The next step from what is known now. Each run asks again after every step, so that it does not matter which run
 * began, or where one was killed.
 *
 * What it keeps to: Cloudflare accepts the newest secret of a token and the one before, and shows a secret once. So the
 * version is raised only when the secret in the state is known to be the newest one, or when nobody can lose anything:
 * the one before has ended, or a stand-in is in use.
 */
export function nextStep(facts: Facts, wish: Wish, now: Date): Step {
  const { config, state, standIn } = facts;
  if (state === undefined) return { do: "stop", because: "not in the state" };
  if (config.version < state.version) return { do: "stop", because: "config behind state" };
  const overlapEnd = after(now, wish.overlapMs);
  const previousExpiresAt = hasTime(config, wish, now) ? new Date(config.previousExpiresAt) : overlapEnd;

  // A raised version may only be sent with a note of what it replaces, and with time left for the secret before.
  const isNoted = config.rotation?.replaces !== undefined && hasTime(config, wish, now);
  if (config.version > state.version && !isNoted) {
    return { do: "note", previousExpiresAt, replaces: state.fingerprint };
  }
  if (isUnderWay(facts) && !facts.converged) return { do: "up" };

  const trust = trustIn(facts, state, now);
  if (standIn.config !== undefined) {
    if (standIn.config.until === undefined) return withStandIn(facts, state, wish, now);
    if (trust === "newest") return withRetiring(facts, state, standIn.config.until, wish, now);
    return { do: "stand-in", previousExpiresAt, why: trust };
  }
  if (config.rotation?.replaces !== undefined && trust === "newest") {
    return inUse(facts, state, wish, now) ?? proof(state, now);
  }
  if (trust === "newest") return idle(facts, state, wish, now);
  if (trust === "in doubt" && wish.finish) return { do: "stop", because: "in doubt" };
  if (trust === "in doubt" && !wish.due) return { do: "nothing", because: "not due" };
  // Once the secret before has ended too, there is none that works, and so none to care for.
  if (!isAccepted(config, now)) return raise(facts, state, wish, now);
  return { do: "stand-in", previousExpiresAt, why: trust };
}

/** Nothing is under way: begin, end what is left of the last rotation, or nothing. */
function idle(facts: Facts, state: StateFacts, wish: Wish, now: Date): Step {
  const accepted = isAccepted(facts.config, now);
  const until = accepted ? facts.config.previousExpiresAt : undefined;
  if (facts.rotated || (facts.worked && !wish.again)) return { do: "nothing", because: "done", until };
  if (wish.finish) {
    if (!accepted) return { do: "nothing", because: "done" };
    return inUse(facts, state, { ...wish, end: "now" }, now) ?? proof(state, now);
  }
  if (!wish.due) return { do: "nothing", because: "not due" };
  if (accepted && !wish.again) {
    const isEnding = !isAfter(facts.config.previousExpiresAt ?? "", after(now, 2 * END_MS));
    if (wish.end === "now" && !isEnding) return { do: "stop", because: "rotated already" };
    return { do: "nothing", because: "rotated already", until };
  }
  // One that cannot be reached now could not be proven afterwards; one that is refused is a reason to rotate.
  const look = state.fingerprint === UNKNOWN_SECRET ? undefined : passing(facts, "token", state.fingerprint);
  if (look !== undefined && !(look.do === "stop" && look.because === "refused")) return look;
  return raise(facts, state, wish, now);
}

function raise({ config }: Facts, state: StateFacts, wish: Wish, now: Date): Step {
  return {
    do: "raise",
    version: versionAfter(config.version, state.fingerprint),
    previousExpiresAt: after(now, wish.overlapMs),
    replaces: state.fingerprint,
  };
}

/** A stand-in is in use, or about to be. */
function withStandIn(facts: Facts, state: StateFacts, wish: Wish, now: Date): Step {
  const { config, standIn } = facts;
  const held = standIn.state?.fingerprint ?? UNKNOWN_SECRET;
  if (held === UNKNOWN_SECRET) return { do: "stop", because: "stand-in unknown" };
  const rest = passing(facts, "stand-in", held) ?? handedOut(facts, "stand-in", held);
  if (rest !== undefined) return rest;
  if (trustIn(facts, state, now) === "newest" && config.rotation?.replaces !== undefined) {
    const until = wish.end === "now" ? now : after(now, wish.overlapMs);
    return passing(facts, "token", state.fingerprint) ?? { do: "retire", until };
  }
  // Whoever has not taken the stand-in over may use the secret before until its end.
  if (wish.end !== "now" && isAccepted(config, now)) return { do: "wait", until: config.previousExpiresAt };
  return raise(facts, state, wish, now);
}

/** The token's own secret is handed out again, and the stand-in is accepted for a while. */
function withRetiring(facts: Facts, state: StateFacts, until: string, wish: Wish, now: Date): Step {
  const rest = inUse(facts, state, wish, now);
  if (rest !== undefined) return rest;
  if (facts.config.rotation?.replaces !== undefined) return proof(state, now);
  if (wish.end === "now" || !isAfter(until, now)) return { do: "remove-stand-in" };
  return { do: "nothing", because: "stand-in retires", until };
}

/** What is left until the token's own secret is in use and nothing else is; undefined when that is so. */
function inUse(facts: Facts, state: StateFacts, wish: Wish, now: Date): Step | undefined {
  const held = state.fingerprint;
  const step = passing(facts, "token", held) ?? handedOut(facts, "token", held);
  if (step !== undefined) return step;
  const { previousExpiresAt } = facts.config;
  if (wish.end === "now" && previousExpiresAt !== undefined) {
    // One that ends within seconds has been ended already.
    if (isAfter(previousExpiresAt, after(now, 2 * END_MS))) {
      return { do: "end", previousExpiresAt: after(now, END_MS) };
    }
  }
  const { expiresAt } = state;
  if (wish.extendWithinMs === undefined || facts.extended || expiresAt === undefined) return undefined;
  return isAfter(expiresAt, after(now, wish.extendWithinMs)) ? undefined : { do: "extend", expiresAt };
}

function passing(facts: Facts, whose: "token" | "stand-in", held: string): Step | undefined {
  const verdict = facts.probed[held];
  if (verdict === undefined) return { do: "probe", whose, fingerprint: held };
  return verdict === "refused" || verdict === "unreachable" ? { do: "stop", because: verdict } : undefined;
}

function handedOut(facts: Facts, whose: "token" | "stand-in", held: string): Step | undefined {
  return facts.inSinks === held ? undefined : { do: "hand-out", whose, fingerprint: held };
}

function proof(state: StateFacts, now: Date): Step {
  return { do: "prove", fingerprint: state.fingerprint, at: now };
}

/**
 * Whether the secret in the state is the token's newest.
 * - `newest`: it is, or the one before has ended, so that raising the version ends nothing;
 * - `lost`: it is not: a newer one was made, and the answer that held it got lost;
 * - `in doubt`: the version was raised by something that left no note.
 */
export function trustIn(
  { config }: Pick<Facts, "config">,
  state: StateFacts,
  now: Date,
): "newest" | "lost" | "in doubt" {
  const { rotation } = config;
  const changed = rotation?.replaces !== undefined && rotation.replaces !== state.fingerprint;
  if (changed && state.fingerprint !== UNKNOWN_SECRET) return "newest";
  if (rotation?.replaces === undefined && rotation?.proven === state.fingerprint) return "newest";
  if (rotation?.replaces !== undefined) return "lost";
  // A first version, or a secret before that has ended: there is nothing that raising could end too early.
  return isAccepted(config, now) ? "in doubt" : "newest";
}

/** Whether a rotation, or what is left of one, has to be gone on with before anything else. */
export function isUnderWay({ config, state, standIn }: Facts): boolean {
  return (
    config.rotation?.replaces !== undefined ||
    config.version !== state?.version ||
    !sameInstant(config.previousExpiresAt, state.previousExpiresAt) ||
    standIn.config !== undefined ||
    standIn.state !== undefined
  );
}

/** Half of the overlap: a run that goes on with what another began does not begin the time anew. */
function hasTime(
  config: ConfigFacts,
  wish: Wish,
  now: Date,
): config is ConfigFacts & { previousExpiresAt: string } {
  const { previousExpiresAt } = config;
  return previousExpiresAt !== undefined && isAfter(previousExpiresAt, after(now, wish.overlapMs / 2));
}

/** Whether the secret before is accepted still. */
function isAccepted(config: ConfigFacts, now: Date): config is ConfigFacts & { previousExpiresAt: string } {
  return config.previousExpiresAt !== undefined && isAfter(config.previousExpiresAt, now);
}

function isAfter(time: string, now: Date): boolean {
  return Date.parse(time) > now.getTime();
}

function after(now: Date, ms: number): Date {
  return new Date(now.getTime() + ms);
}
