import { textOf } from "../../../base/json-values";
import { TYPES } from "../../../cloudflare/kinds";
import type { StackResource } from "../../stack/read-stack";
import { isReadByEngine } from "../engine-view";
import { kindOf } from "../kinds";
import { ORGANIZATION_SETTINGS } from "../kinds/organization";
import { nameOf } from "../read-account";
import type { Unseen } from "../types";
import { type Probes, type UnseenContext, type UnseenResult, writtenSince } from "./context";
import { providerSecret } from "./provider-secret";
import { tokenSecret } from "./token-secret";
import { tunnelSecret } from "./tunnel-secret";

/** Goes through everything of the stack that no reading shows. */
export async function checkUnseen(context: UnseenContext, probes: Probes): Promise<UnseenResult> {
  const { resources } = context;
  const of = (type: string) => resources.filter((each) => each.type === type);
  const exists = ({ urn }: StackResource) => context.account.objects.get(urn) !== null;
  const results = await Promise.all([
    ...of(TYPES.token)
      .filter(exists)
      .map((token) => tokenSecret(context, token, probes)),
    ...of(TYPES.identityProvider)
      .filter(exists)
      .map((provider) => providerSecret(context, provider, probes)),
    ...of(TYPES.tunnel)
      .filter(exists)
      .map((tunnel) => tunnelSecret(context, tunnel, probes)),
  ]);
  return {
    unseen: [
      ...results.flatMap(({ unseen }) => unseen),
      ...organizationSettings(context),
      ...(resources.some(isReadByEngine) ? [googleSecrets] : []),
      ...unexplainedWrites(context),
    ],
    changes: results.flatMap(({ changes }) => changes),
    failures: results.flatMap(({ failures }) => failures),
  };
}

function organizationSettings({ account, since }: UnseenContext): Unseen[] {
  const { organization } = account;
  if (organization === undefined) return [];
  const now = ORGANIZATION_SETTINGS.flatMap((name) => {
    const value = organization[name];
    return value === undefined || value === null
      ? []
      : [`${name} ${typeof value === "object" ? JSON.stringify(value) : value}`];
  });
  const written = textOf(organization["updated_at"]);
  const isLater = written !== undefined && since !== undefined && Date.parse(written) > Date.parse(since);
  return [
    {
      what: "settings of the Zero Trust organization",
      why: "no stack declares them, so nothing says how they were",
      result: "open",
      detail: `${isLater ? `written at ${written}, after the state; ` : ""}now ${now.join(", ") || "none is set"}`,
    },
  ];
}

const googleSecrets: Unseen = {
  what: "newer versions and other readers of the secrets in Google Secret Manager",
  why: "the engine looks at the versions and readers that the stack made, and at no others",
  result: "open",
};

/** An object that was written since, and in which nothing that is compared differs. */
function unexplainedWrites(context: UnseenContext): Unseen[] {
  const told = new Set(context.changes.map(({ id }) => id));
  return context.resources.flatMap((resource): Unseen[] => {
    const kind = kindOf(resource.type);
    const written = writtenSince(context, resource);
    if (kind === undefined || !written?.since || told.has(resource.id)) return [];
    return [
      {
        what: `what was written to ${kind.subject} ${nameOf(resource)} at ${written.at}, after the state`,
        why: "nothing that is compared differs: it was changed back, or is something that the API does not show",
        result: "open",
      },
    ];
  });
}
