import { canonicalHost } from "../../plugins/tunnel-ingress/host-pattern";
import { type Fields, fieldsOf, listOf, textOf } from "../json-values";

/** The parts of an account in which a login may be used. */
export interface AroundLogin {
  applications: readonly Fields[];
  policies: readonly Fields[];
  groups: readonly Fields[];
}

/**
 * Who uses a login besides the stack: applications that offer it, or every login there is, and what names it in a rule.
 * @param own ids of all that is the stack's
 * @returns each user as people call it; empty when there is none
 */
export function loginUsers(
  id: string,
  { applications, policies, groups }: AroundLogin,
  own: ReadonlySet<string>,
): string[] {
  const others = (list: readonly Fields[]) => list.filter((each) => !own.has(String(each["id"])));
  const naming = (kind: string, list: readonly Fields[]) =>
    others(list)
      .filter((each) => JSON.stringify(each).includes(id))
      .map((each) => `${kind} ${nameOf(each)}`);
  const offering = others(applications)
    .filter((each) => offersEveryLogin(each) && !JSON.stringify(each).includes(id))
    .map((each) => `application ${nameOf(each)}, which offers every login`);
  return [
    ...naming("application", applications),
    ...offering,
    ...naming("policy", policies),
    ...naming("group", groups),
  ];
}

/** An application at which people log in, and that does not say by which logins; the other types have no login page. */
export function offersEveryLogin(application: Fields): boolean {
  const isLogin = !["bookmark", "app_launcher", "warp", "biso"].includes(String(application["type"]));
  return isLogin && listOf(application["allowed_idps"]).length === 0;
}

/** The parts of an account in which a tunnel may be used. */
export interface AroundTunnel {
  /** The tunnel's configuration. */
  config: Fields;
  /** Records that lead to it. */
  records: readonly Fields[];
}

/**
 * Who uses a tunnel besides the stack: rules for other host names, records that lead to it, private networks.
 * @param own ids of all that is the stack's
 * @param hostnames host names of the stack's own rules, in small letters
 */
export function tunnelUsers(
  { config, records }: AroundTunnel,
  own: ReadonlySet<string>,
  hostnames: ReadonlySet<string>,
): string[] {
  const rules = listOf(config["ingress"])
    .map(fieldsOf)
    .filter((rule) => {
      const host = canonicalHost(rule["hostname"]);
      const isWhole = textOf(rule["path"]) === undefined;
      return !(isWhole && (host === "" || hostnames.has(host)));
    })
    .map((rule) => `rule for ${String(rule["hostname"] ?? "*")}${String(rule["path"] ?? "")}`);
  const leading = records
    .filter((record) => !own.has(String(record["id"])))
    .map((record) => `DNS record ${nameOf(record)}`);
  const networks = fieldsOf(config["warp-routing"])["enabled"] === true ? ["private networks"] : [];
  return [...rules, ...leading, ...networks];
}

const nameOf = (object: Fields): string => textOf(object["name"]) ?? String(object["id"]);
