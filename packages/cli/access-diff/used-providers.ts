import type { PlanStep } from "../../cloudflare/stack-plan";
import { anyPart, byText, type Undecided } from "./undecided";

/** An instance of a provider. */
interface Used {
  package: string;
  name: string;
}

/**
 * Resources that another provider is to keep than the one before, and new ones by a provider that nothing used before: it
 * has a credential of its own, perhaps for another account, and a plan shows neither.
 */
export function usedProviderFacts(steps: readonly PlanStep[]): Undecided[] {
  const before = new Set(steps.flatMap(({ oldState }) => keyOf(usedIn(oldState?.["provider"])) ?? []));
  return byText(
    steps.flatMap(({ urn, type, name, oldState, newState }): Undecided[] => {
      const now = usedIn(newState?.["provider"]);
      const [is, was] = [keyOf(now), keyOf(usedIn(oldState?.["provider"]))];
      if (now === undefined || is === undefined || is === was) return [];
      if (was === undefined && (isDefault(now) || before.has(is))) return [];
      const text = `not judged: ${type.split(":").at(-1)} ${name} by provider ${now.name} of package ${now.package}, which did not keep it before`;
      return [{ ...anyPart("provider", text), detail: `${urn} ${was ?? ""} ${is}` }];
    }),
  );
}

/** What the engine notes with a resource: the URN of the provider, and its id. */
function usedIn(reference: unknown): Used | undefined {
  if (typeof reference !== "string") return undefined;
  const [, , type = "", name = ""] = reference.split("::");
  return { package: type.replace(/^.*pulumi:providers:/, ""), name };
}

/** The engine names its own providers by the release of the package. */
const isDefault = ({ name }: Used): boolean => /^default(_|$)/.test(name);

const keyOf = (used: Used | undefined): string | undefined =>
  used && `${used.package} ${isDefault(used) ? "default" : used.name}`;
