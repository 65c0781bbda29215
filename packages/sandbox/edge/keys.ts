// @peculiar/x509 reads type metadata while it is being loaded.
import "reflect-metadata";
import { createHash, webcrypto } from "node:crypto";
import { PemConverter, X509CertificateGenerator } from "@peculiar/x509";
import { exportJWK, type JWK } from "jose";

const RS256 = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" } as const;
const DAY_MS = 86_400_000;

/** One RSA key of a team. */
export interface SigningKey {
  /** 64 hexadecimal digits. */
  kid: string;
  privateKey: webcrypto.CryptoKey;
  publicKey: webcrypto.CryptoKey;
  jwk: JWK;
  /** The public key as a certificate, PEM. */
  certificate: string;
}

/** What `/cdn-cgi/access/certs` answers. */
export interface Certs {
  keys: JWK[];
  public_cert: { kid: string; cert: string };
  public_certs: { kid: string; cert: string }[];
}

/** A team's signing keys: one signs, the next is published ahead, the last ones still verify for a while. */
export class TeamKeys {
  readonly #retired: { key: SigningKey; at: number }[] = [];

  private constructor(
    private readonly team: string,
    private current: SigningKey,
    private next: SigningKey,
    private since: number,
    private readonly times: () => { now: Date; keyRotationMs: number; retiredKeyMs: number },
  ) {}

  /** Makes a team's first keys. `times` is read whenever ages are compared. */
  static async create(
    team: string,
    times: () => { now: Date; keyRotationMs: number; retiredKeyMs: number },
  ): Promise<TeamKeys> {
    const [current, next] = await Promise.all([newKey(team), newKey(team)]);
    return new TeamKeys(team, current, next, times().now.getTime(), times);
  }

  /** The key that signs now; replaced first when it is too old. */
  async signing(): Promise<SigningKey> {
    const { now, keyRotationMs } = this.times();
    if (now.getTime() - this.since >= keyRotationMs) await this.rotate();
    return this.current;
  }

  /** The key that verifies a token with this `kid`; undefined for an unknown one and one retired too long ago. */
  verifying(kid: string | undefined): SigningKey | undefined {
    return this.published().find((key) => key.kid === kid);
  }

  /** Puts the next key in the current one's place. */
  async rotate(): Promise<void> {
    const at = this.times().now.getTime();
    this.#retired.unshift({ key: this.current, at });
    this.current = this.next;
    this.since = at;
    this.next = await newKey(this.team);
  }

  /** What the team publishes: two keys, and more only within a week of two rotations. */
  certs(): Certs {
    const keys = this.published();
    const certs = keys.map(({ kid, certificate }) => ({ kid, cert: certificate }));
    return {
      keys: keys.map(({ jwk }) => jwk),
      public_cert: { kid: this.current.kid, cert: this.current.certificate },
      public_certs: certs,
    };
  }

  private published(): SigningKey[] {
    const { now, retiredKeyMs } = this.times();
    const alive = this.#retired.filter(({ at }) => now.getTime() - at < retiredKeyMs).map(({ key }) => key);
    return [this.current, ...(alive.length > 0 ? alive : [this.next])];
  }
}

async function newKey(team: string): Promise<SigningKey> {
  const algorithm = { ...RS256, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const { n, e } = await exportJWK(keys.publicKey);
  const kid = createHash("sha256").update(`${n}.${e}`).digest("hex");
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${team}.cloudflareaccess.com`,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + 365 * DAY_MS),
    keys,
    signingAlgorithm: RS256,
  });
  return {
    kid,
    privateKey: keys.privateKey,
    publicKey: keys.publicKey,
    jwk: { kid, kty: "RSA", alg: "RS256", use: "sig", e, n },
    certificate: PemConverter.encode(certificate.rawData, "CERTIFICATE"),
  };
}
