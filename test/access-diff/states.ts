import { accessDiff } from "../../packages/cli/access-diff/access-diff";
import { compareResources } from "../../packages/cli/access-diff/preview";
import { resourcesOf } from "../../packages/cloudflare/read-situation";
import { application, exported, machines, people, policy, TOKEN } from "../explain/state";

/** What is changed of an exported state: the text of a part, and what stands there instead. */
type Edit = [part: string, instead: string];

const text = (own: object[] | undefined, edits: readonly Edit[]): string =>
  edits.reduce((all, [part, instead]) => {
    if (!all.includes(part)) throw new Error(`the state has no ${part}`);
    return all.replace(part, instead);
  }, exported(own));

/** Compares the usual state with one that holds other objects, or is edited. */
export function diffTo(own?: object[], ...edits: Edit[]) {
  return diffBetween(exported(), text(own, edits));
}

/** The other way round. */
export function diffFrom(own?: object[], ...edits: Edit[]) {
  return diffBetween(text(own, edits), exported());
}

/** Compares two exports. */
export function diffBetween(before: string, after: string) {
  const {
    before: was,
    after: is,
    ...told
  } = compareResources(resourcesOf(before, "before"), resourcesOf(after, "after"));
  return accessDiff(was, is, told);
}

export { application, exported, machines, people, policy, TOKEN };
