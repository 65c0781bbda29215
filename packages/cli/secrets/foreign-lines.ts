import { UserError } from "../../base/errors";
import { isAccessPair } from "../../client/typescript/credential-form";
import type { SecretValues } from "./sink";

/**
 * Refuses to replace lines that are somebody else's. A web app's are called after it, and its vendor's own tools may
 * read the same names, e.g. `GITLAB_URL` and `GITLAB_ACCESS_TOKEN`. Ours are known by the service token in them.
 * @param values what is about to be written.
 * @param present what stands there, by key.
 * @param where the place, for the message.
 * @throws {UserError} naming the keys, and no value.
 */
export function refuseForeignLines(
  values: SecretValues,
  present: Readonly<Record<string, string | undefined>>,
  where: string,
): void {
  const foreign = Object.keys(values)
    .filter((key) => key.endsWith("_URL") && key !== "COMFYUI_URL")
    .flatMap((key) => foreignOf(key, values, present));
  if (foreign.length === 0) return;
  throw new UserError(
    `${where} has ${foreign.join(" and ")} of somebody else's: nothing there is a service token that \`env\` wrote`,
    "Hand out to another place, e.g. with --file, give the application another name, or take the old lines away.",
  );
}

function foreignOf(
  url: string,
  values: SecretValues,
  present: Readonly<Record<string, string | undefined>>,
): string[] {
  const token = url.replace(/_URL$/, "_ACCESS_TOKEN");
  const isOther = (key: string) => (present[key] ?? "") !== "" && present[key] !== values[key];
  if (isAccessPair(present[token] ?? "")) return [];
  return [url, token].filter(isOther);
}
