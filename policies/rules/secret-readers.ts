import { asText, isUnknown, valueAt } from "../resource";
import { type Fault, type Limits, type ResourceRule, undecided } from "../rule";

/** Roles by which a secret can be read, and nothing else done. */
const READ_ONLY = ["roles/secretmanager.secretAccessor", "roles/secretmanager.viewer"];

/** Whoever reads a token's secret passes as that token, from wherever. */
export const secretReaders: ResourceRule = {
  name: "secret-readers",
  description:
    "Secrets are read, and only read, by the project's own service accounts and by members of named domains.",
  kinds: ["secretReader"],
  limits: {
    domains: {
      type: "array",
      items: { type: "string" },
      description: "Domains of readers, e.g. `datacrew.space`, or `other-project.iam.gserviceaccount.com`.",
      default: [],
    },
  },
  judge: (resource, { domains = [] }: Limits) => {
    const { properties } = resource;
    const [member, role, project] = ["member", "role", "project"].map((name) => valueAt(properties, name));
    const faults: Fault[] = [];
    if (isUnknown(role)) faults.push(undecided(resource, "role"));
    else if (!READ_ONLY.includes(asText(role))) {
      const found = `is ${asText(role)}, which may do more than read`;
      faults.push({ resource, property: "role", found, remedy: `Set it to ${READ_ONLY[0]}.` });
    }
    if (isUnknown(member)) return [...faults, undecided(resource, "member")];
    const domain = domainOf(asText(member));
    const own =
      isUnknown(project) || project === undefined ? [] : [`${asText(project)}.iam.gserviceaccount.com`];
    if (domain !== undefined && [...domains, ...own].includes(domain)) return faults;
    // The member is not repeated: it may be a person's address.
    const found = domain === undefined ? "is not of any domain" : `is of ${domain}, which is not named`;
    const remedy =
      'Grant it to a service account of the project, or name the domain in "domains" of secret-readers.';
    return [...faults, { resource, property: "member", found, remedy }];
  },
};

/** The domain of a person, a group, a service account, or of everybody at one. */
function domainOf(member: string): string | undefined {
  const [, kind, name = ""] = /^(user|group|serviceAccount|domain):(.+)$/.exec(member) ?? [];
  if (kind === undefined) return undefined;
  const domain = kind === "domain" ? name : /^[^@]+@([^@]+)$/.exec(name)?.[1];
  return domain?.toLowerCase();
}
