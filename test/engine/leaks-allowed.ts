import type { Allowance } from "../leaks/findings";

/** The places that may hold a secret; every other is a leak. Files only while their owner alone may read them. */
export const ALLOWED: readonly Allowance[] = [
  {
    kind: "file",
    place: /^(project\/\.env(\.dev)?|play\/\.env)$/,
    secrets: /^(client secret|tunnel secret) /,
    because: "It is what `env` writes: the credentials, for the scripts that use them.",
  },
  {
    kind: "file",
    place: /^(project\/\.sandbox|play)\/running\.json$/,
    secrets: /^(API token|constant) /,
    because: "The command `sandbox` leaves the tokens of its made-up account there for the other commands.",
  },
  {
    kind: "file",
    place: /^play\/cloudflare\.json/,
    secrets: /^(client secret|Google client secret|tunnel secret) /,
    because: "The state of the account that the command `sandbox` plays: Cloudflare keeps these too.",
  },
  {
    kind: "file",
    place: /^people\.json$/,
    secrets: /^password /,
    because: "The operator's own file for `verify --people`.",
  },
  {
    kind: "file",
    place: /(^|\/)compile-cache\//,
    secrets: /^constant /,
    because: "Compiled source code, in which a value that is public stands in clear.",
  },
  {
    kind: "process environment",
    place: /./,
    secrets: /^(passphrase|API token|Infisical client secret|constant|bearer token of an API|GitHub token) /,
    because:
      "The operator's own environment, which the engine and every process below it get; others cannot read it.",
  },
  {
    kind: "process environment",
    place: /^node /,
    secrets: /^(Google )?client secret /,
    because:
      "The engine hands the program the stack's config in PULUMI_CONFIG, decrypted: what `env --to config` put there too.",
  },
  {
    kind: "standard error",
    place: /^pulumi (preview|up) -v=9$/,
    secrets: /^(Google client secret|client secret|tunnel secret) /,
    because:
      "The engine's verbose log repeats every message between it and its plugins; docs/security.md says so.",
  },
  {
    kind: "sandbox",
    place: /^(\/|events of the page|log of the edge)$/,
    secrets: /^uid of a login /,
    because: "At the sandbox's own Google it stands in the page's address, and is over when the login is.",
  },
];
