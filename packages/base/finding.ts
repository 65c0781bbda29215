/** How bad a finding is: an error stops a run, leaves something open or keeps somebody out; a warning does not yet. */
export type Severity = "error" | "warning";

/**
 * One thing that is not as it should be, as every command that judges finds it. Whatever a decision rests on stands here
 * as a code and as data; words are made of it where it is shown. No part of it ever holds a secret.
 */
export interface Finding<Code extends string = string> {
  /** What was found, e.g. `dns-taken`: it stays when the words change. */
  code: Code;
  severity: Severity;
  /** At what: a host name, a key as `pulumi config set --path` spells it, an object by kind and name, a row of a report. */
  where: string;
}

/** Findings of several codes, each with data of its own: `Data` says which, by code. */
export type FindingOf<Data> = {
  [Code in keyof Data & string]: Finding<Code> & { data: Data[Code] };
}[keyof Data & string];

/** How findings are said, by code. */
export type Wording<Data, Context, Words> = {
  [Code in keyof Data & string]: (data: Data[Code], context: Context) => Words;
};

/** One finding in words. */
export function inWords<Data, Context, Words>(
  wording: Wording<Data, Context, Words>,
  { code, data }: { code: keyof Data & string; data: unknown },
  context: Context,
): Words {
  // Code and data belong together by the type of the finding; an index by code loses that.
  return wording[code](data as Data[keyof Data & string], context);
}
