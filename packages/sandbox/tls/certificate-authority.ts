// @peculiar/x509 reads type metadata while it is being loaded.
import "reflect-metadata";
import { createHash, webcrypto } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

const EC_P256 = { name: "ECDSA", namedCurve: "P-256" } as const;
const SHA_256 = { name: "ECDSA", hash: "SHA-256" } as const;
const AUTHORITY_NAME = "CN=comfyui-access sandbox (throwaway)";
const DAY_MS = 86_400_000;

/** A certificate authority that lives in this process only: nothing of it is ever written to disk. */
export interface CertificateAuthority {
  /** Its certificate, for clients to trust. Holds no secret. */
  pem: string;
  /**
   * SHA-256 of its public key in base64, as Chromium's `--ignore-certificate-errors-spki-list` wants it. Each
   * hostname's certificate has the same key, so that only a server that holds it can make use of the exception.
   */
  spkiSha256: string;
  /** What a TLS server presents for the hostname; made when first asked for, then kept. */
  contextFor(hostname: string): Promise<SecureContext>;
}

/** Makes a certificate authority (EC P-256, valid for a year) with a key of its own. */
export async function createCertificateAuthority(): Promise<CertificateAuthority> {
  const keys = await webcrypto.subtle.generateKey(EC_P256, true, ["sign", "verify"]);
  const [certificate, spki, privateKey] = await Promise.all([
    selfSigned(keys),
    webcrypto.subtle.exportKey("spki", keys.publicKey),
    webcrypto.subtle.exportKey("pkcs8", keys.privateKey),
  ]);
  const key = PemConverter.encode(privateKey, "PRIVATE KEY");
  const pem = certificate.toString("pem");

  const contexts = new Map<string, Promise<SecureContext>>();
  const newContext = async (hostname: string): Promise<SecureContext> => {
    const leaf = await leafFor(hostname, keys);
    return createSecureContext({ key, cert: `${leaf.toString("pem")}\n${pem}`, minVersion: "TLSv1.2" });
  };

  return {
    pem,
    spkiSha256: createHash("sha256").update(Buffer.from(spki)).digest("base64"),
    contextFor(hostname) {
      const known = contexts.get(hostname);
      if (known) return known;
      const made = newContext(hostname);
      contexts.set(hostname, made);
      return made;
    },
  };
}

async function selfSigned(keys: webcrypto.CryptoKeyPair): Promise<X509Certificate> {
  return X509CertificateGenerator.createSelfSigned({
    ...validity(),
    name: AUTHORITY_NAME,
    keys,
    signingAlgorithm: SHA_256,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
}

async function leafFor(hostname: string, keys: webcrypto.CryptoKeyPair): Promise<X509Certificate> {
  return X509CertificateGenerator.create({
    ...validity(),
    subject: `CN=${hostname}`,
    issuer: AUTHORITY_NAME,
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    signingAlgorithm: SHA_256,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([{ type: "dns", value: hostname }]),
      // Python 3.13 refuses a certificate that does not say whose key signed it.
      await AuthorityKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
}

// A day back, for a client whose clock is behind; browsers accept at most 398 days.
function validity(): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + 365 * DAY_MS) };
}
