import { NAMES } from "../../../components/args";
import { type Resource, urnOf } from "../../../components/declaration";
import { ownerComment } from "../../../components/dns-route";
import { COMPONENTS } from "../../../components/types";
import type { StackConfig } from "../../../config/stack-config";
import { placesOf } from "../../access";
import type { Wire } from "../../cloudflare/account-api";
import { type Candidate, chooseRecord, chooseToken, type GoogleChoice, listed, quoted } from "./choose";
import { type DeclaredObject, declaredResources } from "./declared";
import { type AttachedPolicy, type FoundHost, mayTake, nameOf, type Own } from "./find";
import type { PlanInput } from "./plan-input";
import { ruleRows, tunnelRows } from "./tunnel-rows";
import type { Decision, Kind, Row, Unreadable } from "./types";
import { text } from "./wire";

/** An object that is there, and how a resource takes it. */
interface Found {
  wire: Wire;
  how: Row["how"];
  why?: string;
  application?: string;
}

/** An application of the stack, what was found at its hostname, and whether it is taken. */
export interface ChosenApplication {
  name: string;
  found: FoundHost;
  candidate: Candidate;
}

/** Puts the rows together, one kind after the other; the declared resources come last, when all ids are known. */
export class PlanBuilder {
  readonly unreadable: Unreadable[] = [];
  private readonly ids: {
    applications: Record<string, { id: string; aud: string }>;
    policies: Record<string, string>;
    tokens: Record<string, string>;
    identityProvider?: string;
    tunnel?: string;
  } = { applications: {}, policies: {}, tokens: {} };
  /** Objects that are there, by kind and the name of the resource that takes them. */
  private readonly found = new Map<string, Found>();
  private readonly others: Row[] = [];
  /** Rules that the tunnel has for the stack's hostnames. */
  private readonly rules = new Map<string, Wire>();

  constructor(
    private readonly input: PlanInput,
    private readonly config: StackConfig,
    private readonly decisions: Decision[],
  ) {}

  tokens(own: Own): void {
    const { account, choices } = this.input;
    for (const { name } of this.config.serviceTokens) {
      const state = this.stateOf("service token", name);
      const candidate = chooseToken(account, name, own, choices, state);
      this.settle("service token", name, candidate);
      if (!candidate.taken || candidate.wire === undefined) continue;
      this.ids.tokens[name] = text(candidate.wire, "id");
      if (state !== undefined) continue;
      this.unreadable.push({
        what: `secret of the service token ${name}`,
        next: `Clients go on with the one they have. To know one: npm run cli -- rotate --stack ${this.input.stack}`,
      });
    }
  }

  google({ wire, taken, why, rest }: GoogleChoice): void {
    const id = text(wire, "id");
    if (wire !== undefined && taken) {
      this.settle("identity provider", NAMES.login, { wire, taken, ...(why === undefined ? {} : { why }) });
      this.ids.identityProvider = id;
      if (this.stateOf("identity provider", NAMES.login) === id) return;
      this.unreadable.push({
        what: `client secret of the identity provider ${nameOf(wire)}`,
        next: "The next up writes google.clientSecret of the config: take it from the Google Cloud console, where the old one stays valid beside a new one.",
      });
    } else if (wire !== undefined) {
      const row: Row = { kind: "identity provider", name: nameOf(wire), id, how: "by id", changes: [] };
      this.others.push(why === undefined ? row : { ...row, why });
      // A stack that names it in its config already has no use for its secret.
      if (why === undefined) return;
      this.unreadable.push({
        what: `client secret of the identity provider ${nameOf(wire)}`,
        next: "Not needed: the stack uses the login by its id, and whoever made it keeps the secret.",
      });
    }
    for (const other of rest) this.leave("identity provider", other);
  }

  application({ name, found, candidate }: ChosenApplication): void {
    this.settle("application", name, candidate);
    const { wire, taken } = candidate;
    for (const path of found.paths) this.leave("application", path, `guards ${listed(placesOf(path))}`);
    const { choices } = this.input;
    if (wire === undefined || !taken) return;
    this.ids.applications[name] = { id: text(wire, "id"), aud: text(wire, "aud") };
    const rest = [...found.policies];
    for (const { kind, resource } of this.resources()) {
      if (kind !== "policy" || resource.parent?.name !== name) continue;
      this.policy(resource.name, text(resource.properties, "decision"), rest, text(wire, "id"));
    }
    for (const policy of rest) this.detached(policy, text(wire, "id"));
    const inline = found.policies.filter(({ inline }) => inline);
    if (inline.length > 0 && !choices.convertInline) {
      const names = listed(inline.map(({ wire: each }) => quoted(each)));
      this.decisions.push({
        what: `inline ${inline.length === 1 ? "policy" : "policies"} ${names} of application ${quoted(wire)}`,
        why: "a stack can only have reusable policies; converting keeps id, rules and place, and cannot be undone",
        remedy: "Consent with --convert-inline.",
      });
    }
  }

  tunnel(hosts: readonly FoundHost[]): void {
    const { account } = this.input;
    const own = this.stateOf("tunnel", NAMES.tunnel);
    if (account.tunnels.some((each) => each["id"] === own)) this.ids.tunnel = own;
    const tunnel = account.tunnels.find((each) => each["id"] === this.config.tunnel.id);
    if (tunnel === undefined) return;
    const { rows, decisions } = tunnelRows(account, tunnel, hosts);
    this.others.push(...rows);
    this.decisions.push(...decisions);
    for (const { hostname, tunnelId, rule } of hosts) {
      if (tunnelId === tunnel["id"] && rule !== undefined) this.rules.set(hostname, rule);
    }
  }

  records(hosts: readonly FoundHost[]): void {
    const { project, stack, choices } = this.input;
    hosts.forEach((host, index) => {
      const name = this.config.applications[index]?.name ?? "";
      const known = this.stateOf("DNS record", name);
      const inState = known !== undefined && host.records.some((record) => record["id"] === known);
      this.settle("DNS record", name, chooseRecord(host, ownerComment(project, stack), choices, inState));
    });
  }

  /** Every row: what the program declares, in its order, then what stays with others. */
  rows(): Row[] {
    const rows = this.resources().flatMap((declared) => this.row(declared));
    const alerts = rows.flatMap(({ kind, resource }) =>
      kind === "alert" ? [resource?.properties["alertType"]] : [],
    );
    for (const alert of this.input.account.alerts) {
      const isOurs = rows.some((row) => row.kind === "alert" && row.id === alert["id"]);
      if (!isOurs && alerts.includes(alert["alert_type"]))
        this.leave("alert", alert, "sends the same kind of mail");
    }
    if (this.config.secretStore.kind === "gcp") {
      const name = `Google Secret Manager of ${this.config.secretStore.project}`;
      const { project, stack, state } = this.input;
      const isThere = state.has(urnOf({ type: COMPONENTS.store, name: NAMES.store }, project, stack));
      rows.push({ kind: "secret store", name, how: isThere ? "in the state" : "created new", changes: [] });
    }
    return [...rows, ...this.others];
  }

  private resources(): DeclaredObject[] {
    const { project, stack, account } = this.input;
    return declaredResources(this.config, project, stack, { ...this.ids, zoneId: account.zoneId });
  }

  private declared(kind: Kind, name: string): DeclaredObject | undefined {
    return this.resources().find((each) => each.kind === kind && each.resource.name === name);
  }

  private stateOf(kind: Kind, name: string): string | undefined {
    const { project, stack, state } = this.input;
    const declared = this.declared(kind, name);
    return declared && state.get(urnOf(declared.resource, project, stack))?.id;
  }

  private settle(kind: Kind, name: string, { wire, taken, why, decision }: Candidate): void {
    if (decision !== undefined) this.decisions.push(decision);
    if (wire === undefined) return;
    if (taken)
      this.found.set(`${kind} ${name}`, { wire, how: "import", ...(why === undefined ? {} : { why }) });
    else this.leave(kind, wire, why);
  }

  private leave(kind: Kind, wire: Wire, why?: string): void {
    this.others.push({
      kind,
      name: nameOf(wire),
      id: text(wire, "id"),
      how: "left alone",
      ...(why === undefined ? {} : { why }),
      changes: [],
    });
  }

  /** Takes the first policy of the right kind out of `rest`; one that others use too stays where it is. */
  private policy(resource: string, decision: string, rest: AttachedPolicy[], application: string): void {
    const { choices } = this.input;
    const known = this.stateOf("policy", resource);
    const fits = (policy: AttachedPolicy) => policy.wire["decision"] === decision && mayTake(policy, choices);
    const chosen = rest.find(({ id }) => id === known) ?? (known === undefined ? rest.find(fits) : undefined);
    if (chosen === undefined) return;
    rest.splice(rest.indexOf(chosen), 1);
    this.ids.policies[resource] = chosen.id;
    this.found.set(`policy ${resource}`, {
      wire: chosen.wire,
      application,
      how: chosen.inline ? "convert, import" : "import",
      ...(chosen.others.length > 0 ? { why: `${listed(chosen.others)} use it too` } : {}),
    });
  }

  /** A policy of the application that the stack does not declare: the next `up` takes it off the application. */
  private detached({ wire, id, inline, others }: AttachedPolicy, application: string): void {
    const decision = text(wire, "decision");
    const effect =
      decision === "deny"
        ? "whom it kept out may get in"
        : decision === "bypass"
          ? "whom it let through has to log in"
          : "whom it let in gets in only if the config says so";
    const use =
      others.length > 0
        ? `${listed(others)} ${others.length === 1 ? "keeps" : "keep"} it`
        : "no other application has it";
    const how = inline ? "convert, leave" : "left alone";
    const why = `detached from the application: ${effect}; ${use}`;
    this.others.push({ kind: "policy", name: nameOf(wire), id, how, why, application, changes: [] });
  }

  private row({ kind, resource }: DeclaredObject): Row[] {
    if (kind === "ingress rule") return this.ruleRows(resource);
    const { project, stack, state } = this.input;
    const known = state.get(urnOf(resource, project, stack))?.id;
    const found = this.found.get(`${kind} ${resource.name}`) ?? this.byName(kind, resource, known);
    if (found === undefined) {
      const name = String(resource.properties["name"] ?? resource.name);
      return [{ kind, name, how: "created new", resource, changes: [] }];
    }
    const id = text(found.wire, "id");
    const isKnown = known !== undefined && known === id;
    const how = isKnown ? "in the state" : found.how;
    const row: Row = { kind, name: nameOf(found.wire), id, how, was: found.wire, resource, changes: [] };
    if (found.why !== undefined) row.why = found.why;
    if (found.application !== undefined) row.application = found.application;
    return [isKnown ? row : { ...row, importId: this.importId(kind, id) }];
  }

  /** What no choice is made about: alerts by their name, and an owned tunnel or login that the state has. */
  private byName(kind: Kind, { properties }: Resource, known?: string): Found | undefined {
    const { account } = this.input;
    const list: Partial<Record<Kind, Wire[]>> = {
      alert: account.alerts.filter(
        (each) => each["name"] === properties["name"] && each["alert_type"] === properties["alertType"],
      ),
      tunnel: account.tunnels.filter((each) => each["id"] === known),
      "identity provider": account.identityProviders.filter((each) => each["id"] === known),
      policy: account.policies.filter((each) => each["id"] === known),
    };
    const wire =
      list[kind]?.find((each) => each["id"] === known) ?? (kind === "alert" ? list.alert?.[0] : undefined);
    return wire === undefined ? undefined : { wire, how: "import" };
  }

  private ruleRows(resource: Resource): Row[] {
    const { project, stack, state } = this.input;
    const known = state.get(urnOf(resource, project, stack));
    const { rows, decisions } = ruleRows(resource, this.config.accountId, this.rules, known);
    this.decisions.push(...decisions);
    return rows;
  }

  private importId(kind: Kind, id: string): string {
    const { accountId } = this.config;
    if (kind === "DNS record") return `${this.input.account.zoneId}/${id}`;
    return kind === "policy" || kind === "alert" ? `${accountId}/${id}` : `accounts/${accountId}/${id}`;
  }
}
