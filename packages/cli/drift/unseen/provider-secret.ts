import { loginCallback } from "../../../access/team-domain";
import type { StackResource } from "../../stack/read-stack";
import { nameOf } from "../read-account";
import type { Change, Unseen } from "../types";
import { type Probes, result, type UnseenContext, type UnseenResult, writtenSince } from "./context";

/** Google knows whether id and secret belong together; the object's times tell whether Cloudflare's copy was written. */
export async function providerSecret(
  context: UnseenContext,
  resource: StackResource,
  probes: Probes,
): Promise<UnseenResult> {
  const name = nameOf(resource);
  const row = { what: `client secret of identity provider ${name}`, why: "the API never shows it" };
  const { clientId, clientSecret } = context.settings.config.google;
  const written = writtenSince(context, resource);
  const answer =
    clientId === undefined || clientSecret === undefined
      ? undefined
      : await probes.google?.({
          clientId,
          clientSecret,
          redirectUri: loginCallback(context.authDomain),
        });
  const asked = answer !== undefined && answer.secret.verdict !== "unknown";
  const checked = [
    ...(written === undefined ? [] : ["the time of its last write was compared"]),
    ...(asked ? ["Google was asked about the config's"] : []),
  ].join(", ");
  const details = [
    ...(written === undefined ? [] : [written.words]),
    ...(answer === undefined ? [] : [`Google: ${answer.secret.detail}`]),
  ].join("; ");
  const wrong = answer?.secret.verdict === "wrong" || answer?.client.verdict === "wrong";
  const right = !wrong && written?.since === false;
  const unseen: Unseen = {
    ...row,
    ...(checked === "" ? {} : { checked }),
    result: wrong ? "not as expected" : right ? "as expected" : "open",
    detail: `${details === "" ? "not tried" : details}${right || wrong ? "" : "; only a login shows what Cloudflare holds"}`,
  };
  const change: Change = {
    subject: "identity provider",
    name,
    id: resource.id,
    what: "changed",
    field: "config.client_secret",
    detail: `Google no longer takes the config's: ${answer?.secret.verdict === "wrong" ? answer.secret.detail : answer?.client.detail}`,
  };
  return result([unseen], wrong ? [change] : []);
}
