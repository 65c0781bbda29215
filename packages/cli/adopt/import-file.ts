import { version as cloudflareVersion } from "@pulumi/cloudflare/package.json";
import { type Resource, urnOf } from "../../../components/declaration";
import type { Plan } from "./plan";
import type { Row } from "./types";

/** One entry of the file that `pulumi import --file` reads. */
interface ImportEntry {
  type: string;
  name: string;
  logicalName: string;
  id?: string;
  parent?: string;
  version?: string;
  component?: true;
}

export interface ImportFile {
  nameTable: Record<string, string>;
  resources: ImportEntry[];
}

/**
 * What `pulumi import --file` takes: the objects, and an empty place for each component above them that the state does
 * not have yet. The version is that of the program, so that both use the same provider.
 * @param known URNs that the state has
 * @see https://www.pulumi.com/docs/iac/guides/migration/import/
 */
export function importFile(
  plan: Pick<Plan, "rows">,
  project: string,
  stack: string,
  known: ReadonlySet<string>,
): ImportFile {
  const file: ImportFile = { nameTable: {}, resources: [] };
  const components = new Map<string, string>();
  const parentName = (parent: Resource["parent"]): string | undefined => {
    if (parent === undefined) return undefined;
    const urn = urnOf(parent, project, stack);
    const named = components.get(urn);
    if (named !== undefined) return named;
    const name = `component ${parent.type.split(":").at(-1)} ${parent.name}`;
    components.set(urn, name);
    if (known.has(urn)) file.nameTable[name] = urn;
    else file.resources.push({ type: parent.type, name, logicalName: parent.name, component: true });
    return name;
  };
  for (const { resource, importId } of importable(plan.rows)) {
    const parent = parentName(resource.parent);
    file.resources.push({
      type: resource.type,
      name: urnOf(resource, project, stack),
      logicalName: resource.name,
      id: importId,
      ...(parent === undefined ? {} : { parent }),
      ...(resource.type.startsWith("cloudflare:") ? { version: cloudflareVersion } : {}),
    });
  }
  return file;
}

/** The rows that are imported, one for each resource: the rules of a tunnel are one. */
export function importable(rows: readonly Row[]): { resource: Resource; importId: string }[] {
  const found = new Map<Resource["properties"], { resource: Resource; importId: string }>();
  for (const { how, resource, importId } of rows) {
    if (resource === undefined || importId === undefined) continue;
    if (how === "import" || how === "convert, import") found.set(resource.properties, { resource, importId });
  }
  return [...found.values()];
}
