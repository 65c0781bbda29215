import type { Secret } from "./searcher";

/** Fields of the APIs' and of the engine's JSON whose value is a secret, and what it is called here. */
const SECRET_FIELDS: Readonly<Record<string, string>> = {
  client_secret: "client secret",
  clientSecret: "client secret",
  accessToken: "access token",
  access_token: "access token",
  refresh_token: "refresh token",
  id_token: "id token",
  password: "password",
};

/** Every secret of a run, as it comes to be known. */
export class KnownValues {
  private readonly secrets = new Map<string, Secret>();
  private readonly counts = new Map<string, number>();

  all(): Secret[] {
    return [...this.secrets.values()];
  }

  /** Values of one kind are numbered, in the order in which they appeared. */
  add(kind: string, value: string | Buffer, options: Pick<Secret, "constant"> = {}): void {
    // What stands in a secret's place where it is hidden: Cloudflare's, and the sandbox's in its log.
    if (value.length < 8 || /^(\*+|\(secret\))$/.test(value.toString())) return;
    const key = Buffer.from(value as string).toString("latin1");
    if (this.secrets.has(key)) return;
    const number = (this.counts.get(kind) ?? 0) + 1;
    this.counts.set(kind, number);
    this.secrets.set(key, { label: `${kind} #${number}`, value, ...options });
  }

  /** Of a JWT the signature: the rest of it says who and until when, and opens nothing. */
  addToken(kind: string, token: string): void {
    const [, , signature] = /^eyJ[\w-]+\.[\w-]+\.([\w-]{20,})$/.exec(token) ? token.split(".") : [];
    this.add(kind, signature ?? token);
  }

  /** A tunnel's secret, as Base64 and as the bytes that it stands for. A connector token holds the first. */
  addTunnelSecret(base64: string): void {
    this.add("tunnel secret", base64);
    this.add("tunnel secret", Buffer.from(base64, "base64"));
  }

  addConnectorToken(token: string): void {
    const { s } = JSON.parse(Buffer.from(token, "base64").toString()) as { s: string };
    this.addTunnelSecret(s);
  }

  /** Every secret in a value read from JSON, however deep. */
  addFields(value: unknown): void {
    if (typeof value !== "object" || value === null) {
      if (typeof value === "string" && isConnectorToken(value)) this.addConnectorToken(value);
      return;
    }
    for (const [name, inner] of Object.entries(value)) {
      const kind = Object.hasOwn(SECRET_FIELDS, name) ? SECRET_FIELDS[name] : undefined;
      if (typeof inner !== "string") this.addFields(inner);
      else if (name === "tunnel_secret" || name === "tunnelSecret") this.addTunnelSecret(inner);
      else if (kind !== undefined && inner !== "[secret]") this.addToken(kind, inner);
      else this.addFields(inner);
    }
  }
}

function isConnectorToken(text: string): boolean {
  if (!/^eyJhIjoi[\w+/=-]+$/.test(text)) return false;
  try {
    return typeof (JSON.parse(Buffer.from(text, "base64").toString()) as { s?: unknown }).s === "string";
  } catch {
    return false;
  }
}
