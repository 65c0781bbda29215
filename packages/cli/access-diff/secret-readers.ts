import { AROUND } from "../../../components/types";
import type { StateResource } from "../../cloudflare/state-resource";
import type { Fact } from "./fact";
import { isShown } from "./secret-places";
import type { Undecided } from "./undecided";

/** Who may do what with which secret of Google Secret Manager, as the resources grant it. */
interface Grant {
  member: string;
  role: string;
  secret: string;
  project: string;
}

/** What a grant of a plan or of a state says; a part that cannot be read is undefined. */
const partsOf = ({ outputs }: StateResource): Record<keyof Grant, string | undefined> => ({
  member: textOrHidden(outputs["member"]),
  role: textOrHidden(outputs["role"]),
  secret: textOrHidden(outputs["secretId"]),
  project: textOrHidden(outputs["project"]),
});

const textOrHidden = (value: unknown): string | undefined => (isShown(value) ? value : undefined);

const isGrant = ({ type }: StateResource): boolean => type === AROUND.secretReader;

/** Who gets to read secrets, and who no longer does: one line for each member, whatever the number of secrets. */
export function readerFacts(before: readonly StateResource[], after: readonly StateResource[]): Fact[] {
  const [then, now] = [grantsIn(before), grantsIn(after)];
  return [...changeOf(then, now, "widens"), ...changeOf(now, then, "narrows")];
}

/** Grants of which it cannot be read who gets what. */
export function unreadGrants(before: readonly StateResource[], after: readonly StateResource[]): Undecided[] {
  const unread = (resources: readonly StateResource[]) =>
    resources.filter(isGrant).filter((each) => {
      const { member, role } = partsOf(each);
      return member === undefined || role === undefined;
    });
  const told = new Set(unread(before).map((each) => JSON.stringify(each)));
  return unread(after)
    .filter((each) => !told.has(JSON.stringify(each)))
    .map(({ id }) => ({
      code: "cannot be read",
      bears: ["secrets"],
      text: `who gets to read a secret by ${id.split("::").at(-1)} cannot be read yet`,
    }));
}

function grantsIn(resources: readonly StateResource[]): Map<string, Grant> {
  const grants = resources.filter(isGrant).flatMap((resource): Grant[] => {
    const { member, role, secret, project } = partsOf(resource);
    if (member === undefined || role === undefined) return [];
    return [{ member, role, secret: secret ?? "a new secret", project: project ?? "the provider's project" }];
  });
  return new Map(grants.map((grant) => [JSON.stringify(grant), grant]));
}

function changeOf(
  from: ReadonlyMap<string, Grant>,
  to: ReadonlyMap<string, Grant>,
  effect: "widens" | "narrows",
): Fact[] {
  const byReader = new Map<string, Grant[]>();
  for (const [key, grant] of to) {
    if (from.has(key)) continue;
    const reader = JSON.stringify([grant.member, grant.role, grant.project]);
    byReader.set(reader, [...(byReader.get(reader) ?? []), grant]);
  }
  return [...byReader.values()].flatMap((grants): Fact[] => {
    const [first] = grants;
    if (first === undefined) return [];
    const { member, role, project } = first;
    const secrets = grants.map(({ secret }) => secret).sort();
    const may = effect === "widens" ? "gets" : "no longer has";
    const text = `${member} ${may} ${role} on ${secrets.join(", ")} in project ${project}`;
    const detail = `${role} ${project} ${secrets.join(" ")}`;
    return [{ kind: "secret readers", effect, about: member, detail, text }];
  });
}
