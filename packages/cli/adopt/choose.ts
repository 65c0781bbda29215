import { isOwnerComment } from "../../../components/dns-route";
import { isGoogleLogin } from "../../access/google-login";
import { isTunnelHost } from "../../access/tunnel-host";
import type { Wire } from "../../cloudflare/account-api";
import type { Account } from "./account";
import {
  type FoundHost,
  nameOf,
  type Own,
  rulesOf,
  usersOfIdentityProvider,
  usersOfServiceToken,
} from "./find";
import { type Choices, type Decision, takeFlag } from "./types";
import { text, texts } from "./wire";

/** What is there for something that the stack declares, and whether the stack takes it. */
export interface Candidate {
  wire?: Wire;
  taken: boolean;
  /** Why it is not taken, or that it is taken all the same. */
  why?: string;
  /** What has to be decided before anything changes. */
  decision?: Decision;
}

const NONE: Candidate = { taken: false };

/** The application of a hostname: taken only when it guards that hostname alone. */
export function chooseApplication(found: FoundHost, { take }: Choices, inState: boolean): Candidate {
  const { application: wire, otherPlaces } = found;
  if (wire === undefined) return NONE;
  if (inState) return { wire, taken: true };
  const id = text(wire, "id");
  const isOther = wire["type"] !== "self_hosted";
  if (otherPlaces.length === 0 && !isOther) return { wire, taken: true };
  const why = isOther
    ? `it is of type ${text(wire, "type")}, and becomes self_hosted`
    : `it also guards ${listed(otherPlaces)}, which would be left without it`;
  const flag = takeFlag("application", id);
  if (take.has(flag)) return { wire, taken: true, why };
  const remedy = isOther
    ? `Remove it, or take it with --take ${flag}.`
    : `Give ${found.hostname} an application of its own, or take this one with --take ${flag}.`;
  return { wire, taken: false, why, decision: { what: `application ${quoted(wire)}`, why, remedy } };
}

/** The address record of a hostname: taken when it leads to a tunnel and no other stack has marked it. */
export function chooseRecord(
  found: FoundHost,
  comment: string,
  choices: Choices,
  inState: boolean,
): Candidate {
  const [wire, second] = found.records;
  if (wire === undefined) return NONE;
  if (inState) return { wire, taken: true };
  const what = `DNS record ${text(wire, "name")}`;
  const leads = `${text(wire, "type")} to ${text(wire, "content")}`;
  const blocked = (why: string, remedy: string): Candidate => {
    return { wire, taken: false, why, decision: { what, why, remedy } };
  };
  if (second !== undefined || wire["type"] !== "CNAME") {
    const kinds = found.records.map((record) => `${text(record, "type")} to ${text(record, "content")}`);
    const ids = found.records.map((record) => text(record, "id"));
    const remedy = `Remove ${listed(ids)}: a record's type cannot be changed, so the next up makes a new one.`;
    return blocked(`${listed(kinds)}, where a CNAME to the tunnel has to be`, remedy);
  }
  const theirs = text(wire, "comment");
  const isMarked = isOwnerComment(theirs) && theirs !== comment;
  const leadsElsewhere = !isTunnelHost(text(wire, "content"));
  if (!isMarked && !leadsElsewhere) return { wire, taken: true };
  const why = isMarked
    ? `its comment says that another stack has it: ${theirs}`
    : `it leads elsewhere: ${leads}`;
  const flag = takeFlag("DNS record", text(wire, "id"));
  if (choices.take.has(flag)) return { wire, taken: true, why };
  return blocked(why, `Remove it there, or take it with --take ${flag}.`);
}

/** A service token by its name: taken when nothing but the stack's own policies accepts it. */
export function chooseToken(
  account: Account,
  name: string,
  own: Own,
  choices: Choices,
  state?: string,
): Candidate {
  const named = account.serviceTokens.filter((token) => text(token, "name") === name);
  const known =
    named.find((token) => token["id"] === state) ?? account.serviceTokens.find((t) => t["id"] === state);
  if (known !== undefined) return { wire: known, taken: true };
  const flagged = named.filter((token) => choices.take.has(takeFlag("service token", text(token, "id"))));
  const ours = [...account.policies, ...account.applications.flatMap((each) => inlineOf(each))].filter(
    (policy) => own.policies.has(text(policy, "id")),
  );
  const accepted = named.filter((token) =>
    ours.some((policy) => rulesOf(policy).some((rule) => accepts(rule, token))),
  );
  const wire = flagged[0] ?? accepted[0] ?? named[0];
  if (wire === undefined) return NONE;
  const what = `service token ${quoted(wire)}`;
  if (named.length > 1 && flagged.length === 0 && accepted.length !== 1) {
    const why = `${named.length} tokens have this name: ${listed(named.map((token) => text(token, "id")))}`;
    const remedy = "Name the one to take with --take token:<id>, or remove the others.";
    return { wire, taken: false, why, decision: { what, why, remedy } };
  }
  const users = usersOfServiceToken(account, text(wire, "id"), own);
  if (users.length === 0) return { wire, taken: true };
  const why = `${listed(users)} ${users.length === 1 ? "accepts" : "accept"} it too`;
  if (flagged.length > 0) return { wire, taken: true, why };
  const remedy = `Choose another name in serviceTokens to have one made, or take it with --take ${takeFlag("service token", text(wire, "id"))}.`;
  return { wire, taken: false, why, decision: { what, why, remedy } };
}

const accepts = (rule: Wire, token: Wire): boolean =>
  (rule["service_token"] as Wire | undefined)?.["token_id"] === token["id"];

function inlineOf(application: Wire): Wire[] {
  const policies = application["policies"];
  return Array.isArray(policies) ? (policies as Wire[]) : [];
}

/** The Google login: used by its id wherever others use it too. */
export interface GoogleChoice {
  /** The one to use, if there is one. */
  wire?: Wire;
  /** True: into the state; false: by its id. */
  taken: boolean;
  why?: string;
  /** The other ones. */
  rest: Wire[];
  decision?: Decision;
}

/**
 * @param declared the stack's own words: an id, or a client id
 * @param applications those of the stack's hostnames, which may name the login that they use
 * @param state id of the login that the stack's state has
 */
export function chooseGoogle(
  account: Account,
  declared: { identityProviderId?: unknown; clientId?: unknown },
  applications: readonly Wire[],
  own: Own,
  { take, identityProvider }: Choices,
  state?: string,
): GoogleChoice {
  const all = account.identityProviders.filter((each) => isGoogleLogin(text(each, "type")));
  const choose = (wire: Wire, taken: boolean, why?: string): GoogleChoice => {
    return { wire, taken, rest: all.filter((each) => each !== wire), ...(why === undefined ? {} : { why }) };
  };
  const byId = (id: unknown) => account.identityProviders.find((each) => each["id"] === id);
  const wanted = identityProvider ?? declared.identityProviderId;
  if (wanted !== undefined) {
    const named = byId(wanted);
    const isGoogle = isGoogleLogin(text(named, "type"));
    if (named !== undefined && isGoogle)
      return choose(named, false, identityProvider === undefined ? undefined : "as --idp says");
    const where = identityProvider === undefined ? "google.identityProviderId" : "--idp";
    const type = text(named, "type") || "that is not known";
    const why =
      named === undefined
        ? "the account has no such login"
        : `${nameOf(named)} is of type ${type}, not google`;
    const known = all.map((each) => `${nameOf(each)} (${text(each, "id")})`).join(", ") || "none";
    const remedy = `Name one of type google or google-apps in ${where}; the account has ${known}.`;
    return { taken: false, rest: all, decision: { what: `Google login ${wanted}`, why, remedy } };
  }
  const known = declared.clientId === undefined ? undefined : byId(state);
  if (known !== undefined) return choose(known, true);

  const flagged = all.find((each) => take.has(takeFlag("identity provider", text(each, "id"))));
  if (flagged !== undefined) {
    const users = usersOfIdentityProvider(account, text(flagged, "id"), own);
    if (flagged["type"] !== "google")
      return choose(flagged, false, "its type google-apps cannot be taken over");
    return choose(flagged, true, users.length > 0 ? `${listed(users)} use it too` : undefined);
  }
  if (declared.clientId !== undefined) {
    const same = all.filter(
      (each) => (each["config"] as Wire | undefined)?.["client_id"] === declared.clientId,
    );
    const [wire] = same;
    if (wire === undefined) return { taken: false, rest: all };
    const users = usersOfIdentityProvider(account, text(wire, "id"), own);
    if (users.length === 0 && wire["type"] === "google") return choose(wire, true);
    return choose(wire, false, users.length > 0 ? `${listed(users)} use it too` : "its type is google-apps");
  }
  const allowed = all.filter((each) =>
    applications.some((application) => texts(application, "allowed_idps").includes(text(each, "id"))),
  );
  const [wire, other] = allowed.length === 1 ? allowed : all;
  if (wire !== undefined && other === undefined) {
    const users = usersOfIdentityProvider(account, text(wire, "id"), own);
    return choose(wire, false, users.length > 0 ? `${listed(users)} use it too` : "made by hand");
  }
  if (wire === undefined) return { taken: false, rest: [] };
  const why = `there are ${all.length}: ${all.map((each) => `${nameOf(each)} (${text(each, "id")})`).join(", ")}`;
  return {
    taken: false,
    rest: all,
    decision: { what: "Google login", why, remedy: "Name one with --idp <id>." },
  };
}

export const quoted = (wire: Wire): string => JSON.stringify(nameOf(wire));

/** A few names, and how many more. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3);
  const rest = names.length - shown.length;
  return rest > 0 ? `${shown.join(", ")} and ${rest} more` : shown.join(", ");
}
