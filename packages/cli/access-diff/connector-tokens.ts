import { isDeepStrictEqual } from "node:util";
import { isHidden } from "../../access/hidden";
import { textOf } from "../../base/json-values";
import { KINDS, kindOfType } from "../../cloudflare/kinds";
import type { StateResource } from "../../cloudflare/state-resource";
import type { Fact } from "./fact";

/** Tunnels that get another secret: whoever knows it runs a connector, which is handed the visitors. */
export function connectorTokenFacts(
  before: readonly StateResource[],
  after: readonly StateResource[],
): Fact[] {
  const then = new Map(tunnelsIn(before).map((tunnel) => [tunnel.id, tunnel]));
  return tunnelsIn(after).flatMap(({ id, outputs }): Fact[] => {
    const old = then.get(id);
    const [was, is] = [old?.outputs["tunnelSecret"], outputs["tunnelSecret"]];
    // The engine encrypts anew what stays the same, so that two states do not tell; a plan does.
    const isEncrypted = [was, is].every((each) => typeof each === "object" && isHidden(each));
    if (old === undefined || isEncrypted || isDeepStrictEqual(was, is)) return [];
    const about = textOf(outputs["name"]) ?? id;
    const text = `tunnel ${about} gets another secret: whoever knows it can run a connector, and is handed the visitors`;
    return [{ kind: "connector token", effect: "widens", about, detail: "another", text }];
  });
}

const tunnelsIn = (resources: readonly StateResource[]): StateResource[] =>
  resources.filter(({ type }) => kindOfType(type) === KINDS.tunnel);
