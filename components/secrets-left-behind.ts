import { getSecrets } from "@pulumi/gcp/secretmanager/getSecrets.js";
import * as pulumi from "@pulumi/pulumi";
import { secretId } from "../config/secret-id";
import { textOf } from "../packages/base/json-values";
import { lastState, type ReadState } from "../packages/cloudflare/last-state";
import { AROUND } from "./types";

/**
 * Finds secrets of this stack that an earlier run made without the state hearing of it: the run was killed, or the
 * answer was lost. An id exists once in a project, so without them no later run could go on.
 *
 * Google is asked only when the state has the store and lacks one of its secrets: so neither on a stack's first run,
 * when the API may still be off, nor on those that change nothing. When it refuses the list, nothing is found, and the
 * provider's own error says what stands in the way.
 * @param secrets what the stack declares, by name
 * @returns id for Pulumi's `import` option by name
 */
export async function secretsLeftBehind(
  {
    project,
    prefix,
    secrets,
  }: { project: string; prefix: string; secrets: Readonly<Record<string, unknown>> },
  readState: ReadState = lastState,
): Promise<Record<string, string>> {
  const state = await readState();
  if (!state.some(({ type }) => type === AROUND.googleApi)) return {};
  const known = state.filter(({ type }) => type === AROUND.secret);
  const ids = new Set(known.map(({ outputs }) => textOf(outputs["secretId"])));
  const missing = Object.keys(secrets).filter((name) => !ids.has(secretId(prefix, name)));
  if (missing.length === 0) return {};
  const listed = await getSecrets({ project }).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    pulumi.log.debug(`the secrets of project ${project} cannot be listed: ${reason}`);
    return { secrets: [] };
  });
  const existing = new Set(listed.secrets.map((secret) => secret.secretId));
  return Object.fromEntries(
    missing
      .filter((name) => existing.has(secretId(prefix, name)))
      .map((name) => [name, `projects/${project}/secrets/${secretId(prefix, name)}`]),
  );
}
