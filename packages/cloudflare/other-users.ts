import { offersLogins } from "../access";
import { canonicalHost } from "../access/host-pattern";
import { type Fields, fieldsOf, listOf, mentions, textOf } from "../base/json-values";
import { rulesIn } from "./account-snapshot";

/** The parts of an account in which a login may be used. */
export interface AroundLogin {
  applications: readonly Fields[];
  policies: readonly Fields[];
  groups: readonly Fields[];
  /** Logins of the account, enough of them to tell whether there is another one. */
  logins: readonly Fields[];
}

/** Who uses a login besides the stack, each as people call it. */
export interface LoginUse {
  /** Who would lose something with it. */
  users: string[];
  /** Who offers it with every other one, and goes on with those. */
  alsoOffering: string[];
}

/**
 * Who uses a login besides the stack: applications that offer it, and what names it in a rule. An application that
 * offers every login there is needs this one only while the account has no other.
 * @param own ids of all that is the stack's
 */
export function loginUsers(
  id: string,
  { applications, policies, groups, logins }: AroundLogin,
  own: ReadonlySet<string>,
): LoginUse {
  const others = (list: readonly Fields[]) => list.filter((each) => !own.has(String(each["id"])));
  const naming = (kind: string, list: readonly Fields[]) =>
    others(list)
      .filter((each) => mentions(each, id))
      .map((each) => `${kind} ${nameOf(each)}`);
  const offering = others(applications)
    .filter((each) => offersEveryLogin(each) && !mentions(each, id))
    .map((each) => `application ${nameOf(each)}, which offers every login`);
  const isOnly = others(logins).every((each) => each["id"] === id);
  return {
    users: [
      ...naming("application", applications),
      ...(isOnly ? offering : []),
      ...naming("policy", policies),
      ...naming("group", groups),
    ],
    alsoOffering: isOnly ? [] : offering,
  };
}

/** What becomes of applications that offer a login with every other one. */
export const goesOn = (object: string, applications: readonly string[]): string =>
  `${object} is also offered by ${applications.join("; ")}: without it people log in there with the account's other logins`;

/** An application at which people log in, and that does not say by which logins; the other types have no login page. */
export function offersEveryLogin(application: Fields): boolean {
  return offersLogins(application) && listOf(application["allowed_idps"]).length === 0;
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
  const rules = rulesIn({ config })
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
