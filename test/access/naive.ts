import type { Situation, StateApplication, StatePolicy } from "../../packages/access/situation";
import type { Rule } from "../../packages/access/types";

// Who gets where, read off Cloudflare's documentation as plainly as it can be, to compare the model with. Nothing of the
// model's own code is called here: a mistake of one must not hide in the other.

/** One request, of which everything is known but what the unknown rules ask. */
export interface Asked {
  hostname: string;
  path: string;
  email: string | null;
  login: string | null;
  token: string | null;
  country: string;
  ip: string;
}

/** How a request ends: it arrives, it does not, or that hangs on what the situation does not say. */
export type End = "in" | "out" | "open";

/** How a request ends, gone through step by step. */
export function naiveEnd(state: Situation, asked: Asked): End {
  const [led] = state.records
    .filter(({ name }) => spans(name, asked.hostname))
    .toSorted(
      (a, b) =>
        Number(a.name !== asked.hostname) - Number(b.name !== asked.hostname) ||
        b.name.length - a.name.length,
    );
  const tunnels = [
    ...new Set([state.tunnelId, ...state.ingress.map((rule) => rule.tunnelId ?? state.tunnelId)]),
  ];
  const [own, ...others] = tunnels.filter((tunnel) => led?.target === `${tunnel}.cfargotunnel.com`);
  // Where it is not said by which tunnel a request comes, it may be by any.
  const may = own === undefined ? tunnels : [own, ...others];
  const ends = new Set(may.map((tunnel) => endBy(tunnel, led, state, asked)));
  const [end = "open"] = ends;
  return ends.size === 1 ? end : "open";
}

/** Whether the name of a record or of a tunnel's rule is, or means, a host name; a wildcard spans levels. */
const spans = (pattern: string, hostname: string): boolean =>
  pattern === hostname || (pattern.startsWith("*.") && hostname.endsWith(pattern.slice(1)));

/** How a request ends that comes by one tunnel, as far as its record leads to any. */
function endBy(
  tunnel: string | undefined,
  record: Situation["records"][number] | undefined,
  state: Situation,
  asked: Asked,
): End {
  const application = guardOf(state, asked);
  const rule = state.ingress.find(
    ({ hostname = asked.hostname, path = "", tunnelId = state.tunnelId }) =>
      tunnelId === tunnel && spans(hostname, asked.hostname) && asked.path.search(new RegExp(path)) >= 0,
  );
  if (application === undefined && record === undefined && rule === undefined) return "out";

  const toTunnel = record?.target?.endsWith(".cfargotunnel.com");
  const toOwn = record?.target === `${tunnel}.cfargotunnel.com`;
  if (record?.proxied === false) return toTunnel ? "out" : "open";
  // Somebody else's record may lead here, and somebody else's service may answer there.
  let isSure = record?.target !== undefined && toOwn;
  const isElsewhere = record?.target !== undefined && !toOwn;
  if (!isElsewhere && rule === undefined) isSure = false;
  if (!isElsewhere && rule?.service.startsWith("http_status:")) return "out";

  const check = isElsewhere ? undefined : rule?.jwtRequired ? (rule.audTags ?? []) : undefined;
  const ends = new Set(TRUTHS.map((truth) => passes(application, asked, truth, check)));
  if (ends.size > 1) return "open";
  if (ends.has(false)) return "out";
  return isSure ? "in" : "open";
}

/** Whether Access and the connector let a request pass, when the unknown rules are as a truth has them. */
function passes(
  application: StateApplication | undefined,
  asked: Asked,
  truth: ReadonlySet<string>,
  check: readonly string[] | undefined,
): boolean {
  if (application === undefined) return check === undefined;
  const takes = check === undefined || check.includes(application.aud ?? "");
  for (const policy of application.policies) {
    if (policy.decision !== "bypass" && policy.decision !== "non_identity") continue;
    if (!matches(policy, asked, truth, true)) continue;
    // Without a token there is no JWT, neither by Bypass nor by a Service Auth that asks for none.
    return policy.decision === "non_identity" && asked.token !== null ? takes : check === undefined;
  }
  if (asked.email === null) return false;
  const { allowedIdps } = application;
  if (allowedIdps.length > 0 && !allowedIdps.some((id) => id === asked.login)) return false;
  for (const policy of application.policies) {
    if (policy.decision !== "allow" && policy.decision !== "deny") continue;
    if (matches(policy, asked, truth, false)) return policy.decision === "allow" && takes;
  }
  return false;
}

const matches = (policy: StatePolicy, asked: Asked, truth: ReadonlySet<string>, early: boolean): boolean => {
  const holds = (rule: Rule) => ruleHolds(rule, policy.decision, asked, truth, early);
  return policy.include.some(holds) && policy.require.every(holds) && !policy.exclude.some(holds);
};

function ruleHolds(
  rule: Rule,
  decision: string,
  asked: Asked,
  truth: ReadonlySet<string>,
  early: boolean,
): boolean {
  const [[type = "", value = {}] = []] = Object.entries(rule) as [string, Record<string, string>][];
  const email = early ? null : asked.email;
  switch (type) {
    case "everyone":
      return true;
    case "email":
      return email?.toLowerCase() === value["email"]?.toLowerCase();
    case "email_domain":
      return email?.split("@")[1]?.toLowerCase() === value["domain"]?.toLowerCase();
    case "login_method":
      return !early && asked.login === value["id"];
    case "service_token":
      return decision === "non_identity" && asked.token === value["token_id"];
    case "any_valid_service_token":
      return decision === "non_identity" && asked.token !== null;
    case "geo":
      return asked.country === value["country_code"];
    case "ip":
      return inRange(asked.ip, value["ip"] ?? "");
    default:
      return truth.has(JSON.stringify(rule));
  }
}

/** An address as a list of bits. */
function bitsOf(ip: string): string {
  if (!ip.includes(":")) {
    return ip
      .split(".")
      .map((part) => Number(part).toString(2).padStart(8, "0"))
      .join("");
  }
  const [head = "", tail = ""] = ip.split("::");
  const parts = (text: string) => text.split(":").filter((part) => part !== "");
  const zeros = Array<string>(8 - parts(head).length - parts(tail).length).fill("0");
  const all = ip.includes("::") ? [...parts(head), ...zeros, ...parts(tail)] : parts(ip);
  return all.map((part) => Number.parseInt(part, 16).toString(2).padStart(16, "0")).join("");
}

function inRange(ip: string, range: string): boolean {
  const [network = "", length] = range.split("/");
  if (ip.includes(":") !== network.includes(":")) return false;
  return bitsOf(ip).startsWith(bitsOf(network).slice(0, length === undefined ? 128 : Number(length)));
}

/** The application with the destination that says most of the host name and the path. */
function guardOf({ applications }: Situation, { hostname, path }: Asked): StateApplication | undefined {
  let best: { application: StateApplication; stars: number; letters: number; length: number } | undefined;
  for (const application of applications) {
    for (const destination of application.destinations) {
      const [host, ...rest] = String(destination["uri"]).split("/");
      const labels = (host ?? "").split(".").map((label) => label.replaceAll("*", "[^.]*"));
      if (!new RegExp(`^${labels.join("[.]")}$`).test(hostname)) continue;
      const folder = rest.map((part) => (part === "*" ? ".*" : part)).join("/");
      if (folder !== "" && !new RegExp(`^/${folder}(/.*)?$`).test(path)) continue;
      const { length } = rest.join("").replaceAll("*", "");
      const stars = (host ?? "").split("*").length - 1;
      const letters = (host ?? "").length - stars;
      // A host name without a wildcard says more than one with it, and only then does the path count.
      const says =
        best === undefined ? 1 : best.stars - stars || letters - best.letters || length - best.length;
      if (says > 0) best = { application, stars, letters, length };
    }
  }
  return best?.application;
}

/** The rules of the pools that ask what cannot be known here. */
const UNKNOWN = [
  { group: { id: "artists" } },
  { group: { id: "admins" } },
  { device_posture: { integration_uid: "disk" } },
];

/** Every way in which what they ask can be. */
const TRUTHS: readonly ReadonlySet<string>[] = Array.from(
  { length: 2 ** UNKNOWN.length },
  (_, bits) =>
    new Set(UNKNOWN.filter((_, index) => (bits >> index) % 2 === 1).map((rule) => JSON.stringify(rule))),
);
