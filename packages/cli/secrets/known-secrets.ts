import type { Leak } from "./leaks";
import type { StackOutputs } from "./outputs";

/** A secret of a stack, and what to do when others have seen it. */
export interface KnownSecret {
  /** Which one, e.g. `secret of service token comfyui-api`. */
  label: string;
  value: string;
  /** How to make a new one, as a command or one phrase. */
  renewal: string;
}

/**
 * Every secret of a stack that is known here: the service tokens', the owned tunnel's connector token, and the Google
 * client's.
 * @param googleClientSecret from the stack config, where it could be read.
 */
export function knownSecrets(outputs: StackOutputs, googleClientSecret?: string): KnownSecret[] {
  const known: KnownSecret[] = [];
  for (const [name, { clientSecret }] of Object.entries(outputs.serviceTokens)) {
    if (!clientSecret) continue;
    const renewal = `npm run rotate -- --token ${name}`;
    known.push({ label: `secret of service token ${name}`, value: clientSecret, renewal });
  }
  if (outputs.tunnel?.token) {
    known.push({
      label: "connector token of the tunnel",
      value: outputs.tunnel.token,
      renewal: "`pulumi up --replace '**::tunnel-secret'`, then start cloudflared with the new token",
    });
  }
  if (googleClientSecret) {
    known.push({
      label: "Google client secret",
      value: googleClientSecret,
      renewal:
        "add a new secret to the client at https://console.cloud.google.com/auth/clients, then pulumi config set --secret --path google.clientSecret",
    });
  }
  return known;
}

/** Places named in one warning; the rest is counted. */
const PLACES = 5;

/** Where one secret stands, in a few words; undefined where it stands nowhere. */
export function leakPlaces(leaks: readonly Leak[], label: string): string | undefined {
  const places = leaks.filter((leak) => leak.label === label).map(({ file, line }) => `${file}:${line}`);
  if (places.length === 0) return undefined;
  const more = places.length > PLACES ? ` and ${places.length - PLACES} more` : "";
  return `${places.slice(0, PLACES).join(", ")}${more}`;
}

/** One sentence for each secret that leaked: where, and what to do. */
export function leakWarnings(leaks: readonly Leak[], known: readonly KnownSecret[]): string[] {
  return known.flatMap(({ label, renewal }) => {
    const places = leakPlaces(leaks, label);
    if (places === undefined) return [];
    // A new one first: whoever has a clone has the old one, whatever becomes of the file.
    return `${label} stands in what git tracks, ${places}: ${renewal}; then take the old one out of the files and of git's history`;
  });
}
