import { inWords, type Wording } from "../../base/finding";
import type { Holds, Origins, Orphan } from "./orphan";

/** An orphan as reports for programs have it: with the words for people. */
export interface ToldOrphan {
  /** Why it is taken for ours, in a few words. */
  why: string;
  /** What keeps it from being removed; absent when nothing does. */
  usedBy?: string;
}

/** An orphan's data, and the words for them. */
export function told(orphan: Orphan): Orphan & ToldOrphan {
  const { hold } = orphan;
  return {
    ...orphan,
    why: inWords(ORIGINS, orphan, undefined),
    ...(hold === undefined ? {} : { usedBy: inWords(HOLDS, hold, undefined) }),
  };
}

/** What keeps an orphan, as a clause; undefined when nothing does. */
export function heldWords(orphan: Orphan): string | undefined {
  const { usedBy } = told(orphan);
  return usedBy === undefined || orphan.hold?.code === "state-empty" ? usedBy : `used by ${usedBy}`;
}

const ORIGINS: Wording<Origins, undefined, string> = {
  "token-by-name": ({ name }) => `named as the stack's token ${name}`,
  "token-by-retry": ({ name, gapMs }) =>
    `made ${seconds(gapMs)} before the ${name} in the state, as by a retry`,
  "policy-by-name": () => "named as a policy of the stack",
  "login-by-client": () => "has the stack's OAuth client",
  "application-by-hostname": ({ hostnames }) => `guards ${hostnames.join(", ")}`,
  "tunnel-by-name": () => "named as the stack's tunnel",
  "record-by-comment": () => "has this stack's comment",
  "alert-by-name": () => "named as an alert of the stack",
};

const HOLDS: Wording<Holds, undefined, string> = {
  "state-empty": () => "may be live: the stack's state is empty, so adopt it instead",
  named: ({ by }) => someOf(by),
  "every-token": ({ by }) => `${by}, which lets every service token in`,
  "hidden-applications": ({ count }) => `${count} application(s)`,
  "every-login": ({ by }) => `${someOf(by)}, which offers every login`,
  "name-not-ours": ({ name }) => `its own name, ${name}, which is not the stack's`,
  "other-hostnames": ({ hostnames }) => someOf(hostnames),
  "not-to-a-tunnel": ({ target }) => `what it leads to, ${target}, which is no tunnel`,
  connected: () => "a cloudflared that is connected",
  "perhaps-connected": () => "perhaps a cloudflared: the API does not say",
  "private-networks": () => "private networks that are routed through it",
  rules: ({ hostnames }) => `rules for ${someOf(hostnames)}`,
};

const seconds = (milliseconds: number): string =>
  milliseconds < 1000 ? "less than a second" : `${Math.round(milliseconds / 1000)} s`;

/** Two names, and how many more. */
function someOf(labels: readonly string[]): string {
  const shown = [...new Set(labels)];
  return shown.length <= 2
    ? shown.join(", ")
    : `${shown.slice(0, 2).join(", ")} and ${shown.length - 2} more`;
}
