import { type Attack, STRANGER } from "./attack";
import { transform } from "./change";
import { oneMore } from "./config-rows";

const POLICY = "components/access-policy.ts";
const DECLARED = "super(name, googleEmailPolicy(name, args), opts);";
const WIDER = `{ ...googleEmailPolicy(name, args), includes: [...emailRules(name, args.emails, args.emailDomains), { email: { email: "${STRANGER}" } }] }`;
const named = /second@partner-studio\.com/;

/** The same in places where nobody looks, or under another name. */
export const HIDING_ROWS: readonly Attack[] = [
  {
    name: "a person more, in a component",
    kind: "component",
    section: "access",
    named,
    files: (files) => files.replace(POLICY, DECLARED, `super(name, ${WIDER}, opts);`),
  },
  {
    name: "a person more, in a policy that is called otherwise and says that it is the old one",
    kind: "hiding",
    section: "access",
    named,
    files: (files) =>
      files.replace(POLICY, DECLARED, `super(name + "-2", ${WIDER}, { ...opts, aliases: [{ name }] });`),
  },
  {
    name: "a person more, in a new policy in the old one's place",
    kind: "hiding",
    section: "access",
    named,
    files: (files) => files.replace(POLICY, DECLARED, `super(name + "-2", ${WIDER}, opts);`),
  },
  {
    name: "a person more, as a secret",
    kind: "hiding",
    section: "access",
    named: /may gain access/,
    code: transform(
      "policy",
      "comfyui-google-email",
      `props.includes = pulumi.secret([...props.includes, { email: { email: "${STRANGER}" } }]);`,
    ),
  },
  {
    name: "a person more, made from something that only the update makes",
    kind: "hiding",
    section: "access",
    named: /may gain access/,
    code: {
      imports: 'import { RandomBytes as Another } from "@pulumi/random/randomBytes.js";',
      before: `const later = new Another("another", { length: 8 });
${
  transform(
    "policy",
    "comfyui-google-email",
    `props.includes = [...props.includes, { email: { email: later.base64.apply(() => "${STRANGER}") } }];`,
  ).before
}`,
    },
  },
  {
    name: "a person more, by the id of what is there",
    kind: "hiding",
    section: "access",
    named,
    code: {
      before: `const soFar: pulumi.Resource[] = [];
pulumi.runtime.registerStackTransformation((args) => { soFar.push(args.resource); return undefined; });
${
  transform(
    "policy",
    "comfyui-google-email",
    `const ids = pulumi.all(soFar.flatMap((each) => pulumi.CustomResource.isInstance(each) && each !== args.resource ? [each.id] : []));
  props.includes = [...props.includes, { email: { email: ids.apply((all) => all.length > 0 ? "${STRANGER}" : "artist@datacrew.space") } }];`,
  ).before
}`,
    },
  },
  {
    name: "a person more, by an environment variable of the job",
    kind: "hiding",
    section: "access",
    named,
    code: transform(
      "policy",
      "comfyui-google-email",
      `if (process.env["GITHUB_RUN_ID"]) props.includes = [...props.includes, { email: { email: "${STRANGER}" } }];`,
    ),
  },
  {
    name: "a person more, from tomorrow on",
    kind: "hiding",
    section: "notJudged",
    named: /index\.ts/,
    code: transform(
      "policy",
      "comfyui-google-email",
      `if (Date.now() > ${Date.now() + 86_400_000}) props.includes = [...props.includes, { email: { email: "${STRANGER}" } }];`,
    ),
  },
  {
    name: "people who cannot be taken out any more",
    kind: "hiding",
    section: "notJudged",
    named: /ignoreChanges|comfyui-google-email/,
    code: transform("policy", "comfyui-google-email", 'opts.ignoreChanges = ["includes"];'),
  },
  {
    name: "an application that stays when the stack lets go of it",
    kind: "hiding",
    section: "notJudged",
    named: /retainOnDelete|notes/,
    code: transform("application", "notes", "opts.retainOnDelete = true;"),
  },
  {
    name: "a person more, and so many changes that nobody reads all",
    kind: "hiding",
    section: "access",
    named,
    config: (settings) => {
      oneMore(settings);
      const [first] = settings["applications"] as { allow: { emails: string[] } }[];
      const many = Array.from({ length: 40 }, (_, index) => `artist${index}@datacrew.space`);
      first?.allow.emails.push(...many);
    },
  },
];
