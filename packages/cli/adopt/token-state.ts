import { urnOf } from "../../../components/declaration";
import { UserError } from "../../base/errors";
import { type Fields, fieldsOf, isFields } from "../../base/json-values";
import { type Field, KINDS, TYPES } from "../../cloudflare/kinds";
import { exportedResources } from "../../cloudflare/stack-export";
import type { Row } from "./types";

/** What an import leaves open of a token, and no update may send: its version, and the end of the secret before. */
const OPEN = Object.entries<Field>(KINDS.token.fields).filter(
  ([, { unread, secret }]) => unread === true && secret !== true,
);
/** What the provider takes of it to be when nobody says it. */
const DEFAULTS = Object.fromEntries(
  OPEN.flatMap(([name, field]) => (field.default === undefined ? [] : [[name, field.default]])),
);

/**
 * An exported state that says which version an imported token is declared to have. The API does not tell it, so an import
 * leaves it open, and the provider would send its default with the next `up`: what that does to a token that was rotated
 * elsewhere is not known. The version is first sent by a rotation.
 * @param rows those of a plan
 * @throws {UserError} when the text is no exported state.
 */
export function withDeclaredVersions(
  state: string,
  rows: readonly Row[],
  { project, stack }: { project: string; stack: string },
): string {
  const declared = rows.flatMap(({ kind, resource }) =>
    kind === "service token" && resource !== undefined
      ? [[urnOf(resource, project, stack), resource.properties] as const]
      : [],
  );
  return withTokenVersions(state, new Map(declared)) ?? state;
}

/**
 * An exported state in which no token's version is left open; undefined when that is so already.
 * @param declared what the program declares of each token, by URN.
 * @throws {UserError} when the text is no exported state.
 */
export function withTokenVersions(state: string, declared: ReadonlyMap<string, Fields>): string | undefined {
  const isOpen = ({ urn, type, outputs }: Fields): boolean =>
    type === TYPES.token &&
    declared.has(String(urn)) &&
    Object.keys(DEFAULTS).some((name) => fieldsOf(outputs)[name] === undefined);
  if (!exportedResources(state, "the state").some(isOpen)) return undefined;
  const whole: unknown = JSON.parse(state);
  const deployment = fieldsOf(fieldsOf(whole)["deployment"]);
  const { resources } = deployment;
  if (!isFields(whole) || !Array.isArray(resources))
    throw new UserError("the state is not a stack's exported state", "Use Pulumi 3.259 or newer.");
  const noted = resources.map((resource: unknown) => {
    if (!isFields(resource) || !isOpen(resource)) return resource;
    const properties = declared.get(String(resource["urn"])) ?? {};
    const given = Object.fromEntries(
      OPEN.flatMap(([name]) => (properties[name] === undefined ? [] : [[name, properties[name]]])),
    );
    return {
      ...resource,
      inputs: { ...fieldsOf(resource["inputs"]), ...given },
      outputs: { ...fieldsOf(resource["outputs"]), ...DEFAULTS, ...given },
    };
  });
  return JSON.stringify({ ...whole, deployment: { ...deployment, resources: noted } });
}
