import { fieldsOf, listOf, textOf } from "../../../base/json-values";
import { TYPES } from "../../../cloudflare/kinds";
import { ROTATED_BY_OTHERS } from "../../../cloudflare/kinds/service-token";
import type { StackResource } from "../../stack/read-stack";
import { nameOf } from "../read-account";
import type { Change, Unseen } from "../types";
import { type Probes, result, type UnseenContext, type UnseenResult } from "./context";

/** The state's secret, tried at an application that takes the token. */
export async function tokenSecret(
  context: UnseenContext,
  resource: StackResource,
  probes: Probes,
): Promise<UnseenResult> {
  const name = nameOf(resource);
  const row = {
    what: `secret of service token ${name}`,
    why: "the API shows it once, when the token is made or rotated",
  };
  const earlier = earlierSecret(context, resource);
  const credentials = context.outputs.serviceTokens[resource.name] ?? context.outputs.serviceTokens[name];
  const url = urlFor(context, resource.id);
  const open = (detail: string) => result([{ ...row, result: "open", detail }, ...earlier]);
  if (!credentials?.clientSecret) return open("the state does not hold it");
  if (url === undefined) return open("no application of the stack takes the token");
  if (probes.token === undefined) return open("not tried, as asked");
  const { clientId, clientSecret } = credentials;
  const checked = `the state's secret was tried at ${url}`;
  const { verdict, detail } = await probes.token(url, { clientId, clientSecret });
  if (verdict === "passes")
    return result([{ ...row, checked, result: "as expected", detail: `passes, ${detail}` }, ...earlier]);
  const explained = isExplained(context, resource, verdict);
  if (verdict === "unreachable") {
    const failures = explained ? [] : [{ what: row.what, why: `${url} does not answer: ${detail}` }];
    return result([{ ...row, checked, result: "open", detail }, ...earlier], [], failures);
  }
  const refused = `refused, ${detail}`;
  const changes: Change[] = explained
    ? []
    : [
        {
          subject: "service token",
          name,
          id: resource.id,
          what: "changed",
          field: "client_secret",
          detail: `the state's secret is ${refused}`,
          opens: ROTATED_BY_OTHERS,
        },
      ];
  const because = explained ? `${refused}, as is to be expected after the changes` : refused;
  return result([{ ...row, checked, result: "not as expected", detail: because }, ...earlier], changes);
}

/** What keeps a token out when it changed, by field; `` is the whole object. */
const KEEPS_OUT: Readonly<Partial<Record<Change["subject"], RegExp>>> = {
  "service token": /^(enabled|client_id|client_secret_version|expires_at|)$/,
  application: /^(policies|type|destinations|domain|aud|)$/,
  policy: /^(decision|include|require|exclude|)$/,
  organization: /^auth_domain$/,
  "tunnel configuration": /^$|^ingress|audTag|teamName/,
};

/** What keeps a request from getting anywhere. */
const CUTS_OFF: typeof KEEPS_OUT = {
  "DNS record": /^(name|type|content|proxied|)$/,
  tunnel: /^(config_src|)$/,
  "tunnel configuration": /^$|^ingress/,
};

/** Whether something that is known already keeps the token out, or the probe from getting anywhere. */
function isExplained(
  { changes, account, now }: UnseenContext,
  resource: StackResource,
  verdict: "refused" | "unreachable",
): boolean {
  const end = textOf(account.objects.get(resource.urn)?.["expires_at"]);
  if (end !== undefined && Date.parse(end) <= now.getTime()) return true;
  const causes = verdict === "refused" ? KEEPS_OUT : CUTS_OFF;
  return changes.some(({ subject, id, field = "" }) => {
    if (subject === "service token" && id !== resource.id) return false;
    return causes[subject]?.test(field) ?? false;
  });
}

/** Where the state says that the token passes. */
function urlFor({ resources, outputs }: UnseenContext, tokenId: string): string | undefined {
  const accepting = new Set(
    resources
      .filter(({ type, inputs }) => type === TYPES.policy && inputs["decision"] === "non_identity")
      .filter(({ inputs }) =>
        listOf(inputs["includes"]).some(
          (rule) => fieldsOf(fieldsOf(rule)["serviceToken"])["tokenId"] === tokenId,
        ),
      )
      .map(({ id }) => id),
  );
  const application = resources.find(
    ({ type, inputs }) =>
      type === TYPES.application &&
      listOf(inputs["policies"]).some((link) => accepting.has(String(fieldsOf(link)["id"]))),
  );
  return application === undefined ? undefined : outputs.applications[application.name]?.url;
}

function earlierSecret({ now }: UnseenContext, resource: StackResource): Unseen[] {
  const end = textOf(resource.outputs["previousClientSecretExpiresAt"]);
  if (end === undefined || Date.parse(end) <= now.getTime()) return [];
  return [
    {
      what: `earlier secret of service token ${nameOf(resource)}, which passes until ${end}`,
      why: "the state keeps the newest one only",
      result: "open",
    },
  ];
}
