import { ApiError } from "../../../base/errors";
import { textOf } from "../../../base/json-values";
import type { AccountSnapshot } from "../../../cloudflare/account-snapshot";
import { isRefusedToken } from "../../../cloudflare/api-failure";
import type { StackResource } from "../../stack/read-stack";
import { nameOf } from "../read-account";
import type { Change } from "../types";
import { type Probes, result, type UnseenContext, type UnseenResult } from "./context";

/** The connector token, as the API gives it to whoever may edit tunnels. */
export function connectorTokenOf(account: AccountSnapshot): Probes["connectorToken"] {
  return async (id) => {
    const path = account.below(`cfd_tunnel/${encodeURIComponent(id)}/token`);
    return String(await account.read(path, `the connector token of tunnel ${id}`));
  };
}

/** The connector token holds it, for an API token that may edit tunnels. */
export async function tunnelSecret(
  { account, outputs }: UnseenContext,
  resource: StackResource,
  probes: Probes,
): Promise<UnseenResult> {
  const name = nameOf(resource);
  const row = {
    what: `secret of tunnel ${name}`,
    why: "the API shows it only inside the connector token, to an API token that may edit tunnels",
  };
  const status = textOf(account.objects.get(resource.urn)?.["status"]) ?? "unknown";
  const expected = outputs.tunnel?.token;
  if (!expected) return result([{ ...row, result: "open", detail: "the state has no connector token" }]);
  try {
    const live = await probes.connectorToken(resource.id);
    const checked = "the connector token was compared with the state's";
    if (live === expected) return result([{ ...row, checked, result: "as expected", detail: "the same" }]);
    const change: Change = {
      subject: "tunnel",
      name,
      id: resource.id,
      what: "changed",
      field: "tunnel_secret",
      opens: "whoever changed it can connect to the tunnel and gets what visitors send",
    };
    return result([{ ...row, checked, result: "not as expected", detail: "not the state's" }], [change]);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (!isRefusedToken(error)) return result([], [], [{ what: row.what, why: error.message }]);
    const checked = "the tunnel's status was read";
    return result([{ ...row, checked, result: "open", detail: `${status}; this API token may only read` }]);
  }
}
