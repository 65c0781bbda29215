import { urnOf } from "../../../components/declaration";
import { fieldsOf } from "../../base/json-values";
import { type Field, KINDS } from "../../cloudflare/kinds";
import { edited } from "./edited";
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
 */
export function withTokenVersions(
  state: string,
  rows: readonly Row[],
  { project, stack }: { project: string; stack: string },
): string {
  const declared = new Map(
    rows.flatMap(({ kind, resource }) =>
      kind === "service token" && resource !== undefined
        ? [[urnOf(resource, project, stack), resource.properties]]
        : [],
    ),
  );
  return edited(state, (resources) =>
    resources.map((resource) => {
      const properties = declared.get(String(resource["urn"]));
      const [inputs, outputs] = [fieldsOf(resource["inputs"]), fieldsOf(resource["outputs"])];
      const isTold = Object.keys(DEFAULTS).every((name) => outputs[name] !== undefined);
      if (properties === undefined || isTold) return resource;
      const given = Object.fromEntries(
        OPEN.flatMap(([name]) => (properties[name] === undefined ? [] : [[name, properties[name]]])),
      );
      return { ...resource, inputs: { ...inputs, ...given }, outputs: { ...outputs, ...DEFAULTS, ...given } };
    }),
  );
}
