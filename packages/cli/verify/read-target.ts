import type { Subject } from "../../access";
import { outcomeOf } from "../../access/endings";
import { isGoogleLogin } from "../../access/google-login";
import { isStatus, type Site, siteOf } from "../../access/site";
import type { Situation, StateApplication } from "../../access/situation";
import { UserError } from "../../base/errors";
import { urlIn } from "../../base/host-name";
import { COPY_AGAIN, flawOf, isAccessPair, pairFlawOf } from "../../client/typescript/credential-form";
import type { StackOutputs } from "../secrets/outputs";
import { isOnThisMachine } from "./origin";
import type { DeclaredProperties, TargetApplication, TargetToken, VerifyTarget } from "./target";

/**
 * The target that a stack describes: addresses and credentials from its outputs, everything that the
 * expectations are drawn from out of its state.
 * @param environment what the report calls it.
 * @throws {UserError} when the stack has no application.
 */
export function targetOfStack(environment: string, outputs: StackOutputs, state: Situation): VerifyTarget {
  const applications = Object.entries(outputs.applications).map(([name, { url, kind }]) => {
    const site = siteAt(state, url);
    return {
      ...applicationOf(name, url, site),
      ...(kind === undefined ? {} : { kind }),
      ...tokenFor(name, site, outputs, state),
    };
  });
  if (applications.length === 0) {
    throw new UserError("the stack has no application", "Declare one and run `pulumi up`.");
  }
  const own = new Set(applications.map(({ url }) => new URL(url).hostname));
  return {
    environment,
    applications,
    teamName: state.ingress.find(({ teamName }) => teamName !== undefined)?.teamName,
    tokens: Object.keys(outputs.serviceTokens).flatMap((name) => knownToken(name, outputs) ?? []),
    allowedEmails: allowedEmails(state),
    tunnelId: state.tunnelId,
    otherHostnames: state.ingress.flatMap(({ hostname }) =>
      hostname === undefined || hostname.includes("*") || own.has(hostname) ? [] : [hostname],
    ),
  };
}

/** A token of the outputs, if its secret is known. */
function knownToken(name: string, { serviceTokens }: StackOutputs): TargetToken | undefined {
  const { clientId, clientSecret, expiresAt } = serviceTokens[name] ?? {};
  if (clientId === undefined || !clientSecret) return undefined;
  return { name, clientId, clientSecret, ...(expiresAt ? { expiresAt } : {}) };
}

/** The first token that Access lets in at an application and whose secret is known, or why there is none. */
function tokenFor(
  name: string,
  site: Site,
  outputs: StackOutputs,
  { tokens }: Situation,
): Pick<TargetApplication, "token" | "noToken"> {
  const accepted = tokens.filter(({ id }) => passesAccess(site, { ...NOBODY, serviceTokenId: id }, "token"));
  const [token] = accepted.flatMap((each) => knownToken(each.name, outputs) ?? []);
  if (token !== undefined) return { token };
  if (accepted.length === 0) return { noToken: `${name} accepts no service token` };
  const names = accepted.map((each) => each.name).join(", ");
  return { noToken: `the secret of ${names} is not known to the stack, which only a rotation changes` };
}

const NOBODY: Subject = { email: null, identityProviderId: null, serviceTokenId: null };

const siteAt = (state: Situation, url: string): Site =>
  siteOf(state, { hostname: new URL(url).hostname, path: "/" });

/** Whether Access may let somebody pass in a way; what stops behind it is for the rows to find. */
function passesAccess(site: Site, subject: Subject, by: "login" | "token"): boolean {
  const { verdict, endings } = outcomeOf({
    site: { ...site, blocked: undefined, ingress: undefined },
    subject,
  });
  return verdict !== "out" && endings.some((reach) => reach.in && reach.by === by);
}

/** Whether an address gets past Access at any of a target's applications, as far as the state tells. */
export function letsIn(state: Situation, urls: readonly string[], email: string): boolean {
  const google = state.identityProviders.filter(({ type = "" }) => isGoogleLogin(type));
  const login = google.length === 1 ? { identityProviderId: google[0]?.id } : {};
  return urls.some((url) =>
    passesAccess(siteAt(state, url), { email, serviceTokenId: null, ...login }, "login"),
  );
}

function applicationOf(name: string, url: string, site: Site): TargetApplication {
  const { application, ingress } = site;
  return {
    name,
    url,
    ...(ingress === undefined || isStatus(ingress) ? {} : placesOf(ingress.service)),
    ...(application === undefined ? {} : { aud: application.aud, declared: declaredOf(application, site) }),
  };
}

/** Where the service of a rule can be tried from: this machine, or a container beside it. */
function placesOf(service: string): Pick<TargetApplication, "service" | "localUrl" | "dockerUrl"> {
  if (isOnThisMachine(service)) return { service, localUrl: service };
  // A name without a dot is one of a compose network's.
  return { service, ...(/^https?:\/\/[^./?#[\]]+$/.test(service) ? { dockerUrl: service } : {}) };
}

/** What Access does with who has no credential is reach's to say; how it answers preflights is a setting. */
function declaredOf(application: StateApplication, site: Site): DeclaredProperties {
  const { serviceAuth401, preflightBypass, corsOrigins } = application;
  const stops = outcomeOf({ site, subject: NOBODY }).endings.flatMap((reach) =>
    !reach.in && reach.stop.code === "refused" ? [reach.stop] : [],
  );
  return {
    ...(stops.length === 0 ? {} : { people: stops.some(({ login }) => login) }),
    serviceAuth401,
    preflight:
      corsOrigins !== undefined ? { origins: corsOrigins } : preflightBypass ? "passed-on" : "refused",
    secondBarrier: site.ingress?.jwtRequired ?? false,
  };
}

/** Addresses that Allow policies name, for the words to a person. */
function allowedEmails({ applications }: Situation): string[] {
  const rules = applications.flatMap(({ policies }) =>
    policies.filter(({ decision }) => decision === "allow").flatMap(({ include }) => include),
  );
  const emails = rules.flatMap((rule) => {
    const { email } = (rule["email"] ?? {}) as { email?: unknown };
    return typeof email === "string" ? [email] : [];
  });
  return [...new Set(emails)];
}

/** ComfyUI's own port, where a `.env` file says nothing of it. */
const COMFYUI_HERE = "http://localhost:8188";

/**
 * The target that a `.env` file describes: the addresses in it, each with its token. What the applications declare is
 * not in it, so that only the forms of refusal are known that the program's own applications have.
 * @param values the file's values by key.
 * @throws {UserError} when it names no address, or a credential that cannot be one.
 */
export function targetOfEnv(values: Readonly<Record<string, string>>, file: string): VerifyTarget {
  const keys = Object.keys(values).filter((key) => key === "COMFYUI_URL" || isWebKey(key, values));
  if (keys.length === 0) {
    throw new UserError(
      `${file} has no COMFYUI_URL, and no <NAME>_URL with a service token as its <NAME>_ACCESS_TOKEN`,
      "Write it with `comfyui-access env`, or verify a stack.",
    );
  }
  const applications = keys.map((key) => applicationOfEnv(key, values, file));
  return { environment: applications.map(({ name }) => name).join(", "), applications };
}

/** Whether a key is the address of a web app, as `env` writes it: beside it a service token, and not somebody else's. */
function isWebKey(key: string, values: Readonly<Record<string, string>>): boolean {
  return key.endsWith("_URL") && isAccessPair(values[key.replace(/_URL$/, "_ACCESS_TOKEN")] ?? "");
}

function applicationOfEnv(
  key: string,
  values: Readonly<Record<string, string>>,
  file: string,
): TargetApplication {
  const text = values[key] ?? "";
  const found = urlIn(text);
  if (found === undefined) {
    throw new UserError(`${key} in ${file} is no address`, "Write it anew with `comfyui-access env`.");
  }
  if (found.protocol !== "https:") {
    throw new UserError(
      `${key} in ${file} is ${found.origin}, which Access does not guard`,
      "Verify the file that holds the public https address: no credential is ever sent over plain http.",
    );
  }
  const place = { name: found.hostname, url: found.origin };
  if (key !== "COMFYUI_URL") {
    const tokenKey = key.replace(/_URL$/, "_ACCESS_TOKEN");
    const token = pairIn(tokenKey, values[tokenKey] ?? "", file);
    return { ...place, kind: "web", ...(token === undefined ? {} : { token }) };
  }
  const token =
    pairIn("COMFYUI_ACCESS_TOKEN", values["COMFYUI_ACCESS_TOKEN"] ?? "", file) ?? halves(values, file);
  return { ...place, localUrl: COMFYUI_HERE, ...(token === undefined ? {} : { token }) };
}

/** The pair in a token of the form `<id>:<secret>`; the other forms, a JSON object and a JWT, have none to take apart. */
function pairIn(key: string, text: string, file: string): TargetToken | undefined {
  if (text === "" || /^\s*\{/.test(text)) return undefined;
  const flaw = flawOf(text);
  if (flaw !== undefined) throw malformed(key, flaw, file);
  const [clientId = "", ...secret] = text.split(":");
  if (secret.length === 0) {
    if (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)) return undefined;
    throw malformed(key, "has no colon between id and secret", file);
  }
  return checkedPair(
    { clientId, clientSecret: secret.join(":") },
    { clientId: key, clientSecret: key },
    file,
  );
}

/** The two halves under keys of their own. */
function halves(values: Readonly<Record<string, string>>, file: string): TargetToken | undefined {
  const keys = { clientId: "CF_ACCESS_CLIENT_ID", clientSecret: "CF_ACCESS_CLIENT_SECRET" };
  const clientId = values[keys.clientId];
  const clientSecret = values[keys.clientSecret];
  return clientId && clientSecret ? checkedPair({ clientId, clientSecret }, keys, file) : undefined;
}

function checkedPair(pair: TargetToken, keys: Record<"clientId" | "clientSecret", string>, file: string) {
  const found = pairFlawOf(pair);
  if (found === undefined) return pair;
  const half = keys.clientId === keys.clientSecret && found.part === "clientId" ? " before the colon" : "";
  throw malformed(keys[found.part], `${found.flaw}${half}`, file);
}

function malformed(key: string, flaw: string, file: string): UserError {
  return new UserError(`${key} in ${file} ${flaw}, so it is no credential`, COPY_AGAIN);
}
