import { stringify } from "yaml";
import { pathText } from "../../../config/config-paths";
import { isFields } from "../../base/json-values";
import { WIDTH, wrapped } from "../../base/wrap";
import { commandsHere, type Place } from "../sandboxed/commands-here";
import type { Proof } from "./engine-table";
import { isDone, isToDo, type Plan } from "./plan";

import type { FieldChange, Row } from "./types";
import { inWords } from "./words";

const KIND = 17;
const NAME = 24;
const ID = 36;

/** From the guard to the name; stable, so that each kind keeps the program's order. */
const ORDER: readonly Row["kind"][] = [
  "application",
  "policy",
  "identity provider",
  "service token",
  "tunnel",
  "ingress rule",
  "DNS record",
  "alert",
  "secret store",
];

/** The plan with its advice as commands that work where the user is; what the account says stays as it is. */
export function adviceHere(plan: Plan, place: Place): Plan {
  return {
    ...plan,
    decisions: plan.decisions.map((each) => ({ ...each, remedy: commandsHere(each.remedy, place) })),
    unreadable: plan.unreadable.map((each) => ({ ...each, next: commandsHere(each.next, place) })),
  };
}

/** The plan as text: the objects, what the next `up` changes, what cannot be read, what has to be decided. */
export function toText(
  plan: Plan,
  environment: string,
  where: { accountId: string; project: string; stack: string },
): string {
  const rows = [...plan.rows].sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
  const taken = rows.filter(({ how }) => how !== "left alone" && how !== "convert, leave");
  const left = rows.filter((row) => !taken.includes(row));
  const changed = taken.filter(({ changes }) => changes.length > 0);
  const created = taken.filter(({ how }) => how === "created new");
  const unasked = plan.isAsked ? [] : ["  to be seen when what is to be decided first is decided"];
  return joined([
    [`${environment}, account ${where.accountId}: ${verdict(plan)}`],
    ["Objects", ...header(), ...taken.map(line)],
    left.length === 0 ? [] : ["Left alone", ...left.flatMap(noted)],
    notesOf(taken),
    changed.length + created.length + unasked.length === 0
      ? []
      : [
          "What the next up changes",
          ...unasked,
          ...changed.flatMap((row) => changesText(row, plan)),
          ...madeText(created),
        ],
    plan.unreadable.length === 0
      ? []
      : [
          "Cannot be read",
          ...plan.unreadable.flatMap(({ what, next }) => [`  ${what}`, ...wrapped(next, 4)]),
        ],
    plan.notes.length === 0 ? [] : ["Notes", ...plan.notes.flatMap((note) => wrapped(note, 2))],
    configText(plan, where),
    plan.decisions.length === 0
      ? []
      : [
          "To be decided first",
          ...plan.decisions.flatMap(({ what, why, remedy }) => [
            ...wrapped(what, 2),
            ...wrapped(why, 4),
            ...wrapped(`→ ${remedy}`, 4),
          ]),
        ],
  ]);
}

/** What came of an adoption. */
export function proofText({ updates, fields, creates }: Proof, stack: string): string {
  const facts = [
    updates === 0
      ? "nothing to change"
      : `${amount(updates, "object")} updated in ${amount(fields, "field")}`,
    `${creates} created, 0 replaced, 0 deleted`,
  ];
  const proved = `Proved by a preview: ${facts.join(", ")}, field by field as in the table.`;
  return `${wrapped(`${proved} Next: up of stack ${stack}.`, 0).join("\n")}\n`;
}

function verdict(plan: Plan): string {
  const todo = plan.rows.filter(({ how }) => isToDo(how)).length;
  if (isDone(plan)) return "nothing left to adopt";
  const decide = plan.decisions.length === 0 ? "" : `, ${amount(plan.decisions.length, "decision")} first`;
  return todo === 0 ? "only config to write" : `${amount(todo, "object")} to adopt${decide}`;
}

const header = (): string[] => [
  `  ${"OBJECT".padEnd(KIND)} ${"CALLED THERE".padEnd(NAME)} ${"ID".padEnd(ID)} TAKEN`,
];

function line(row: Row): string {
  return `${columns(row)} ${row.how}`;
}

/** What has no id yet may have the id's room for its name. */
function columns({ kind, name, id }: Row): string {
  const called =
    id === undefined
      ? cut(name, NAME + 1 + ID).padEnd(NAME + 1 + ID)
      : `${cut(name, NAME).padEnd(NAME)} ${id.padEnd(ID)}`;
  return `  ${kind.padEnd(KIND)} ${called}`;
}

/** One that is left alone, and why. */
function noted(row: Row): string[] {
  const first = columns(row).trimEnd();
  const made = row.how === "convert, leave" ? "made reusable; " : "";
  return row.why === undefined ? [first] : [first, ...wrapped(`${made}${row.why}`, 3 + KIND)];
}

function notesOf(rows: readonly Row[]): string[] {
  const noted = rows.filter(({ why }) => why !== undefined);
  if (noted.length === 0) return [];
  return [
    "Why so",
    ...noted.flatMap(({ kind, name, how, why }) =>
      wrapped(`${kind} ${name}, ${how}: ${why}`, 2, { hanging: 4 }),
    ),
  ];
}

function changesText(row: Row, plan: Plan): string[] {
  const width = Math.min(34, Math.max(...row.changes.map(({ field }) => field.length)));
  return [
    `  ${row.kind} ${JSON.stringify(row.name)}`,
    ...row.changes.flatMap((change) => {
      const [now, next] = [shown(change.now, change, plan), shown(change.next, change, plan)];
      const whole = `    ${change.field.padEnd(width)}  ${now} → ${next}`;
      if (whole.length <= WIDTH) return [whole];
      const indent = 6 + width;
      const [first = "", ...rest] = wrapped(now, indent);
      return [
        `    ${change.field.padEnd(width)}  ${first.trimStart()}`,
        ...rest,
        ...wrapped(`→ ${next}`, indent, { hanging: indent + 2 }),
      ];
    }),
  ];
}

function madeText(created: readonly Row[]): string[] {
  if (created.length === 0) return [];
  return created.map(({ kind, name }) => `  ${kind} ${JSON.stringify(name)}  created`);
}

/** A value as people read it: names for ids, rules in words. */
function shown(value: unknown, { field }: FieldChange, { names }: Plan): string {
  if (value === undefined || value === null) return "none";
  if (Array.isArray(value) && field === "policies") {
    return `[${value.map((each) => inWords(isFields(each) ? each["id"] : each, names)).join(", ")}]`;
  }
  if (Array.isArray(value) && ["include", "require", "exclude"].includes(field)) {
    return `[${value.map((rule) => ruleText(rule, names)).join(", ")}]`;
  }
  return inWords(value, names);
}

/** A rule has one key, and most have one value under it. */
function ruleText(rule: unknown, names: Plan["names"]): string {
  if (!isFields(rule)) return inWords(rule, names);
  return Object.entries(rule)
    .map(([type, fields]) => {
      const values = isFields(fields) ? Object.values(fields) : [fields];
      return [type, ...values.map((value) => inWords(value, names))].join(" ");
    })
    .join(" and ");
}

/** As lines of the stack file: the program takes values also under a path for a key. */
function configText(
  { configChanges }: Plan,
  { project, stack }: { project: string; stack: string },
): string[] {
  if (configChanges.length === 0) return [];
  return [
    `Config to write: Pulumi.${stack}.yaml gets it with --apply or --write`,
    ...configChanges.flatMap(({ path, value, why }) => {
      const written =
        value === undefined
          ? "# removed"
          : stringify(value, { collectionStyle: "flow", lineWidth: 0 }).trim();
      return [...wrapped(`# ${why}`, 2), `  ${project}:${pathText(path)}: ${written}`];
    }),
  ];
}

const joined = (sections: readonly string[][]): string =>
  `${sections
    .filter((section) => section.length > 0)
    .map((section) => section.join("\n"))
    .join("\n\n")}\n`;

const cut = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, width - 1)}…`;

const amount = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
