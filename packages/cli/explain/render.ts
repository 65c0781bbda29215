import type { Explanation, PolicyVerdict, Verdict } from "../../access/explain";

const VERDICTS: Record<Verdict, string> = {
  granted: "GRANTED",
  refused: "REFUSED",
  undecided: "UNDECIDED",
  unguarded: "NOT GUARDED",
};

const MARKS = { yes: "✓", no: "✗", unknown: "?" } as const;

const OUTCOMES: Record<PolicyVerdict["outcome"], string> = {
  matched: "matches and decides",
  "not matched": "does not match",
  undecided: "cannot be told",
  "not reached": "not reached",
  "not asked": "not asked: it is judged after a login",
};

/** An explanation as text: the verdict, who decided, then each policy in the order in which it is judged. */
export function renderExplanation(explanation: Explanation): string {
  const { hostname, path, caller, verdict, reason, application, policy, policies, notes } = explanation;
  const lines = [
    `${VERDICTS[verdict]}  ${hostname}${path} for ${caller}`,
    "",
    `  because      ${reason}`,
    ...(application === undefined
      ? []
      : [`  application  ${application.name} (covers ${application.destination})`]),
    ...(policy === undefined ? [] : [`  policy       ${policy.action} "${policy.name}"`]),
    ...notes.map((note) => `  note         ${note}`),
    ...(policies.length === 0 ? [] : ["", "  Policies, in the order in which they are judged"]),
    ...policies.flatMap((each, index) => policyLines(each, index + 1)),
  ];
  return `${lines.join("\n")}\n`;
}

function policyLines({ action, name, outcome, rules }: PolicyVerdict, number: number): string[] {
  return [
    `  ${number}. ${action} "${name}": ${OUTCOMES[outcome]}`,
    ...rules.map(
      ({ list, words, match, because }) =>
        `       ${MARKS[match]} ${list.padEnd(7)}  ${words}${because === undefined ? "" : ` (${because})`}`,
    ),
  ];
}
