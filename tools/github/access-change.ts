import type { AccessDiff } from "../../src/access-diff/access-diff";
import type { AccessChange } from "./plain/review";

const VERDICT: Record<AccessDiff["verdict"], AccessChange["verdict"]> = {
  "no change": "same",
  narrowed: "narrower",
  widened: "wider",
  "not decided": "undecided",
};

const SIGN: Record<AccessDiff["entries"][number]["kind"], string> = {
  gain: "+",
  longer: "+",
  loss: "-",
  shorter: "-",
  depends: "?",
  "not decided": "!",
};

const EFFECT = { widens: "+", narrows: "-", informs: " " } as const;

/**
 * What `access-diff --json` found, as a review states it.
 * @param agreed whether the pull request says that access is meant to widen
 */
export function accessChangeOf(json: string, agreed: boolean): AccessChange {
  const diff = JSON.parse(json) as AccessDiff;
  const verdict = VERDICT[diff.verdict];
  return {
    hash: diff.hash,
    verdict,
    agreed: agreed || verdict !== "wider",
    lines: [
      ...diff.entries.map((entry) => `${SIGN[entry.kind]} ${wordsOf(entry)}`),
      ...diff.facts.map(({ effect, text }) => `${EFFECT[effect]} ${text}`),
      ...diff.undecided.map((text) => `! ${text}`),
    ],
  };
}

function wordsOf({
  kind,
  who,
  hostname,
  paths,
  when,
  by,
  session,
  on,
}: AccessDiff["entries"][number]): string {
  const places = paths.length === 0 ? hostname : paths.map((path) => hostname + path).join(", ");
  const how = by === undefined ? "" : by === "nothing" ? ", without any check" : `, by ${by}`;
  const duration = session.after ?? session.before;
  const lasting = duration === undefined ? "" : `, for ${duration / 3600} h`;
  const circumstances = when.length === 0 ? "" : `, when ${when.join(" or ")}`;
  const hangs = on.length === 0 ? "" : `, depending on ${on.join(" and ")}`;
  return `${who}: ${kind} of ${places}${how}${lasting}${circumstances}${hangs}`;
}
