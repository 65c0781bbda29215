import { DEV_ACCOUNT_ID, DEV_ZONE_ID } from "../../packages/sandbox/account/seed";
import type { Json } from "../sandbox/edge/rig";

export const ACCOUNT = `/accounts/${DEV_ACCOUNT_ID}`;
export const ZONE = `/zones/${DEV_ZONE_ID}`;

/** A kind of object, written so that each of its versions says its number in two places, where it has two. */
export interface Kind {
  path: string;
  /** A new object with a name of its own, or its next version. */
  body(name: string, version: number): Record<string, unknown>;
  change: "PUT" | "PATCH";
  /** The name and the version that an object says, in each of its places. */
  said(object: Json): string[];
}

const said = (name: string, version: number) => `${name}-v${version}`;

/** What is written at once, by kind. */
export const KINDS: Readonly<Record<string, Kind>> = {
  application: {
    path: `${ACCOUNT}/access/apps`,
    change: "PUT",
    body: (name, version) => ({
      type: "self_hosted",
      name: said(name, version),
      destinations: [{ type: "public", uri: `${name}.datacrew.space/${said(name, version)}` }],
    }),
    said: ({ name, destinations }) => [name, destinations[0].uri.split("/")[1]],
  },
  policy: {
    path: `${ACCOUNT}/access/policies`,
    change: "PUT",
    body: (name, version) => ({
      name: said(name, version),
      decision: "allow",
      include: [{ email: { email: `${said(name, version)}@example.org` } }],
    }),
    said: ({ name, include }) => [name, include[0].email.email.split("@")[0]],
  },
  "service token": {
    path: `${ACCOUNT}/access/service_tokens`,
    change: "PUT",
    body: (name, version) => ({ name: said(name, version), duration: `${8760 + version}h` }),
    said: ({ name, duration }) => [name, said(name.split("-v")[0], Number.parseInt(duration, 10) - 8760)],
  },
  "DNS record": {
    path: `${ZONE}/dns_records`,
    change: "PATCH",
    body: (name, version) => ({
      type: "TXT",
      name,
      content: `"${said(name, version)}"`,
      comment: said(name, version),
    }),
    said: ({ content, comment }) => [content.slice(1, -1), comment],
  },
  tunnel: {
    path: `${ACCOUNT}/cfd_tunnel`,
    change: "PATCH",
    body: (name, version) => ({ name: said(name, version) }),
    said: ({ name }) => [name],
  },
};

/** An answer of the API. */
interface ApiAnswer {
  status: number;
  success: boolean;
  result: Json;
  result_info?: { total_count: number; total_pages: number };
}

/** One call of the API; rejects when there is no whole answer. */
export type Call = (method: string, path: string, body?: unknown) => Promise<ApiAnswer>;

/** Calls with a token; many at a time. */
export function callerOf(apiUrl: string, token: string): Call {
  return async (method, path, body) => {
    const answer = await fetch(apiUrl + path, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, ...((await answer.json()) as Omit<ApiAnswer, "status">) };
  };
}
