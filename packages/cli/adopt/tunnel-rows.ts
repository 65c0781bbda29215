import type { Resource } from "../../../components/declaration";
import { canonicalHost } from "../../access/host-pattern";
import type { Wire } from "../../cloudflare/account-api";
import { TYPES } from "../../cloudflare/kinds";
import { isUnset } from "../../cloudflare/kinds/unset";
import type { Account } from "./account";
import { quoted } from "./choose";
import { type FoundHost, nameOf } from "./find";
import type { StateEntry } from "./plan-input";
import type { Decision, Row } from "./types";
import { inner, objects, text } from "./wire";

/** The tunnel itself, which a stack only names, and the rules on paths of its hostnames. */
export function tunnelRows(
  account: Account,
  tunnel: Wire,
  hosts: readonly FoundHost[],
): { rows: Row[]; decisions: Decision[] } {
  const id = text(tunnel, "id");
  const hostnames = hosts.map(({ hostname }) => hostname);
  const foreign = (account.ingress[id] ?? []).filter((rule) => {
    const hostname = canonicalHost(rule["hostname"]);
    return hostname !== "" && !hostnames.includes(hostname);
  });
  const count = `${foreign.length} rule${foreign.length === 1 ? "" : "s"}`;
  const why = foreign.length > 0 ? `${count} of others stay as they are` : "its secret stays as it is";
  const rows: Row[] = [{ kind: "tunnel", name: nameOf(tunnel), id, how: "by id", why, changes: [] }];
  const decisions: Decision[] = [];
  const list = account.ingress[id] ?? [];
  for (const { hostname, rule: whole, pathRules } of hosts) {
    for (const rule of pathRules) {
      const name = `${hostname}/${text(rule, "path").replace(/^\//, "")}`;
      // Behind the host name's own rule it takes nothing.
      if (whole === undefined || list.indexOf(rule) < list.indexOf(whole)) decisions.push(pathInTheWay(name));
      const isOpen = isUnset(inner(inner(rule, "originRequest"), "access")["required"]);
      const note = isOpen
        ? "asks for no JWT of Access, so only Access guards what it leads to"
        : "asks for a JWT by itself";
      rows.push({ kind: "ingress rule", name, how: "left alone", why: note, changes: [] });
    }
  }
  if (tunnel["remote_config"] === false) {
    decisions.push({
      what: `tunnel ${quoted(tunnel)}`,
      why: "takes its rules from a file on its machine",
      remedy: "Migrate it to remote configuration in the dashboard, or name another tunnel.",
    });
  }
  return { rows, decisions };
}

/** The next `up` refuses it: what it takes would not be checked by the stack's rule. */
function pathInTheWay(name: string): Decision {
  return {
    what: `ingress rule ${name}`,
    why: "takes requests of the hostname before the stack's rule",
    remedy: "Give that path a hostname of its own, or remove the rule in the dashboard.",
  };
}

/**
 * A row for each hostname, of the one resource that has all rules of the stack.
 * @param there the rules that the tunnel has, by hostname
 * @param known the resource in the state, if it has one
 */
export function ruleRows(
  resource: Resource,
  accountId: string,
  there: ReadonlyMap<string, Wire>,
  known: StateEntry | undefined,
): { rows: Row[]; decisions: Decision[] } {
  const decisions: Decision[] = [];
  const owned = objects(known?.inputs, "rules").map((rule) => text(rule, "hostname"));
  const importId = `${accountId}/${text(resource.properties, "tunnelId")}/${[...there.keys()].join(",")}`;
  const rows = (resource.rules ?? []).map((rule): Row => {
    const name = text(rule, "hostname");
    const wire = resource.type === TYPES.sharedIngress ? there.get(name) : undefined;
    if (wire === undefined) {
      // An owned tunnel's list is the stack's own resource, whole.
      const isOwn = known !== undefined && resource.type !== TYPES.sharedIngress;
      return {
        kind: "ingress rule",
        name,
        how: isOwn ? "in the state" : "created new",
        resource,
        changes: [],
      };
    }
    const row = { kind: "ingress rule" as const, name, resource, changes: [] };
    if (known === undefined) return { ...row, how: "import", importId };
    if (!owned.includes(name)) decisions.push(ruleInTheWay(name));
    return { ...row, how: "in the state" };
  });
  return { rows, decisions };
}

/** An import cannot add to a resource that the state has. */
function ruleInTheWay(hostname: string): Decision {
  return {
    what: `ingress rule ${hostname}`,
    why: "somebody else's rule, and the state has the stack's other rules already: an import cannot add to them",
    remedy: "Remove the rule in the dashboard right before the next up, which writes the stack's own.",
  };
}
