import { urnOf } from "../../../components/declaration";
import { UserError } from "../../base/errors";
import { type Fields, fieldsOf, isFields } from "../../base/json-values";
import { TYPES } from "../../cloudflare/kinds";
import { exportedResources } from "../../cloudflare/stack-export";
import { type EngineAccess, runEngine } from "../secrets/engine-cli";
import { exportState } from "../stack/read-stack";
import type { Plan } from "./plan";

/** What the provider takes a token's version to be when nobody says one. */
const DEFAULT_VERSION = 1;
const ROTATING = ["clientSecretVersion", "previousClientSecretExpiresAt"] as const;

/**
 * Notes in the state which version an imported token is declared to have. The API does not tell it, so an import leaves
 * it open, and the provider would send its default with the next `up`: what that does to a token that was rotated
 * elsewhere is not known. The version is first sent by a rotation.
 * @throws {UserError} when the state cannot be read or written.
 */
export async function noteTokenVersions(
  engine: EngineAccess,
  { project, stack }: { project: string; stack: string },
  plan: Plan,
): Promise<void> {
  const state = await exportState(engine, stack);
  const declared = new Map(
    plan.rows.flatMap(({ kind, resource }) =>
      kind === "service token" && resource !== undefined
        ? [[urnOf(resource, project, stack), resource.properties] as const]
        : [],
    ),
  );
  const noted = withTokenVersions(state, declared);
  if (noted === undefined) return;
  await runEngine(engine, {
    purpose: `note the versions of imported tokens in the state of stack ${stack}`,
    args: ["stack", "import", "--stack", stack],
    input: noted,
  });
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
    fieldsOf(outputs)["clientSecretVersion"] === undefined;
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
      ROTATING.flatMap((name) => (properties[name] === undefined ? [] : [[name, properties[name]]])),
    );
    return {
      ...resource,
      inputs: { ...fieldsOf(resource["inputs"]), ...given },
      outputs: { ...fieldsOf(resource["outputs"]), clientSecretVersion: DEFAULT_VERSION, ...given },
    };
  });
  return JSON.stringify({ ...whole, deployment: { ...deployment, resources: noted } });
}
