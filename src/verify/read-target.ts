import { UserError } from "../errors";
import type { AccessState, StateApplication } from "../explain/access-state";
import { selectToken } from "../secrets/credentials";
import type { StackOutputs } from "../secrets/outputs";
import type { DeclaredProperties, TargetApplication, VerifyTarget } from "./target";

/**
 * The target that a stack describes: addresses and credentials from its outputs, everything that the
 * expectations are drawn from out of its state.
 * @param environment what the report calls it.
 * @throws {UserError} when the stack has no application, or its token's secret is not known.
 */
export function targetOfStack(environment: string, outputs: StackOutputs, state: AccessState): VerifyTarget {
  const applications = Object.entries(outputs.applications).map(([name, { url }]) =>
    applicationOf(name, url, state),
  );
  if (applications.length === 0) {
    throw new UserError("the stack has no application", "Declare one and run `pulumi up`.");
  }
  const token = selectToken(outputs);
  const own = new Set(applications.map(({ url }) => new URL(url).hostname));
  return {
    environment,
    applications,
    teamName: state.ingress.find(({ teamName }) => teamName !== undefined)?.teamName,
    ...(token === undefined ? {} : { token }),
    allowedEmails: allowedEmails(state),
    tunnelId: state.tunnelId,
    otherHostnames: state.ingress.flatMap(({ hostname }) =>
      hostname === undefined || hostname.includes("*") || own.has(hostname) ? [] : [hostname],
    ),
  };
}

function applicationOf(name: string, url: string, state: AccessState): TargetApplication {
  const found = state.applications.find((application) => application.name === name);
  const { hostname } = new URL(url);
  const rule = state.ingress.find((each) => each.hostname === hostname);
  return {
    name,
    url,
    ...(found === undefined
      ? {}
      : { aud: found.aud, declared: declaredOf(found, rule?.jwtRequired ?? false) }),
  };
}

function declaredOf(application: StateApplication, secondBarrier: boolean): DeclaredProperties {
  const { policies, serviceAuth401, preflightBypass, corsOrigins } = application;
  return {
    people: policies.some(({ decision }) => decision === "allow"),
    serviceAuth401,
    preflight:
      corsOrigins !== undefined ? { origins: corsOrigins } : preflightBypass ? "passed-on" : "refused",
    secondBarrier,
  };
}

function allowedEmails({ applications }: AccessState): string[] {
  const rules = applications.flatMap(({ policies }) =>
    policies.filter(({ decision }) => decision === "allow").flatMap(({ include }) => include),
  );
  const emails = rules.flatMap((rule) => {
    const { email } = (rule["email"] ?? {}) as { email?: unknown };
    return typeof email === "string" ? [email] : [];
  });
  return [...new Set(emails)];
}

/**
 * The target that a `.env` file describes: one address, and one token. What the application declares is not in
 * it, so that only the forms of refusal are known that the program's own applications have.
 * @param values the file's values by key.
 * @throws {UserError} when it names no address.
 */
export function targetOfEnv(values: Readonly<Record<string, string>>, file: string): VerifyTarget {
  const url = values["COMFYUI_URL"];
  if (url === undefined || !URL.canParse(url)) {
    throw new UserError(
      `${file} has no COMFYUI_URL`,
      "Write it with `comfyui-access env`, or verify a stack.",
    );
  }
  if (new URL(url).protocol !== "https:") {
    throw new UserError(
      `COMFYUI_URL in ${file} is ${new URL(url).origin}, which Access does not guard`,
      "Verify the file that holds the public https address: no credential is ever sent over plain http.",
    );
  }
  // The token's other forms, a JSON object and a person's JWT, have no pair to take apart.
  const pair = /^([^\s:{]+):(\S+)$/.exec(values["COMFYUI_ACCESS_TOKEN"] ?? "");
  const clientId = pair?.[1] ?? values["CF_ACCESS_CLIENT_ID"];
  const clientSecret = pair?.[2] ?? values["CF_ACCESS_CLIENT_SECRET"];
  return {
    environment: new URL(url).hostname,
    applications: [{ name: new URL(url).hostname, url: new URL(url).origin }],
    ...(clientId && clientSecret ? { token: { clientId, clientSecret } } : {}),
  };
}
