import { type EdgeCore, seconds } from "./core";
import { json, NO_STORE, type Reply } from "./reply";
import type { Login } from "./sessions";

/** What `/cdn-cgi/access/get-identity` tells of a login. */
export function identityOf({ settings }: EdgeCore, login: Login): Reply {
  const identity = {
    email: login.email,
    idp: login.identityProvider,
    geo: { country: settings.clientCountry },
    user_uuid: login.userUuid,
    account_id: login.accountId,
    iat: seconds(new Date(login.issuedAt)),
    ip: settings.clientIp,
    auth_status: "NONE",
    common_name: "",
    service_token_id: "",
    service_token_status: false,
    is_warp: false,
    is_gateway: false,
    device_id: "",
    version: 2,
  };
  return json(200, identity, { ...NO_STORE });
}

/** What it answers to nobody. */
export function notLoggedIn(): Reply {
  return json(400, { err: "no app token set" }, { ...NO_STORE });
}
