/** A kind that the table of kinds (`index.ts`) has not, and that cannot touch who gets in. */
interface Harmless {
  type: RegExp;
  /** Why it cannot. */
  why: string;
  /** True for what is no object of any account, but holds objects together or reaches them. */
  isBracket?: true;
}

/** Kinds that are passed over. Every other one that the table lacks is not judged, of whatever package. */
export const HARMLESS: readonly Harmless[] = [
  { type: /^pulumi:pulumi:Stack$/, why: "the stack itself, which is no object", isBracket: true },
  {
    type: /^pulumi:providers:/,
    why: "judged by where it sends its credentials, not here",
    isBracket: true,
  },
  {
    type: /^comfyui-access:components:/,
    why: "a component is a bracket around its parts, which are judged",
    isBracket: true,
  },
  { type: /^random:/, why: "made of nothing and known to nobody but the state" },
  { type: /^gcp:projects\/service:Service$/, why: "turns an API of Google's on, and grants nothing" },
  {
    type: /^gcp:secretmanager\/(secret|secretVersion|secretIamMember):/,
    why: "where secrets go and who reads them is compared by the config, which declares them",
  },
];
