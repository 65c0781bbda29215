import type { Settings } from "../support";
import { type Attack, STRANGER } from "./attack";

interface Application {
  hostname?: string;
  service?: string;
  allow: { emails: string[]; emailDomains?: string[] };
  serviceTokens?: string[];
  sessionDuration?: string;
}

const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();

const NEXT_WEEK = inDays(7);

/** The stack that the attacks begin with: two applications, and a token of a quarter that was rotated once. */
export function base(settings: Settings): void {
  const [comfyui] = settings["applications"] as object[];
  settings["applications"] = [
    {
      ...comfyui,
      allow: { emails: ["artist@datacrew.space", "ops@datacrew.space"] },
      serviceTokens: ["comfyui-api"],
      sessionDuration: "8h",
    },
    {
      name: "notes",
      kind: "web",
      hostname: "notes.datacrew.space",
      service: "http://localhost:3000",
      allow: { emails: ["ops@datacrew.space"] },
      sessionDuration: "8h",
    },
  ];
  const rotated = { version: 2, previousExpiresAt: NEXT_WEEK };
  settings["serviceTokens"] = [{ name: "comfyui-api", duration: "2190h", ...rotated }];
}

/** The same before its token was rotated for the first time, which only a token that is there can be. */
export function unrotated(settings: Settings): void {
  base(settings);
  settings["serviceTokens"] = [{ name: "comfyui-api", duration: "2190h" }];
}

/** Somebody more at the first application: what the attacks on the judges are to hide. */
export const oneMore = (settings: Settings): void => {
  application(settings).allow.emails.push(STRANGER);
};

const application = (settings: Settings, index = 0): Application => {
  const found = (settings["applications"] as Application[])[index];
  if (found === undefined) throw new Error(`the config has no application ${index}`);
  return found;
};

const token = (settings: Settings): Record<string, unknown> =>
  (settings["serviceTokens"] as Record<string, unknown>[])[0] ?? {};

const object = (settings: Settings, key: string) => settings[key] as Record<string, unknown>;

type Row = Omit<Attack, "kind" | "code" | "files" | "config"> & { config: NonNullable<Attack["config"]> };

const rows: Row[] = [
  { name: "a person more", section: "access", named: /second@partner-studio\.com/, config: oneMore },
  {
    name: "a whole mail domain",
    section: "access",
    named: /partner-studio\.com/,
    config: (settings) => {
      application(settings).allow.emailDomains = ["partner-studio.com"];
    },
  },
  {
    name: "a token at another application",
    section: "access",
    named: /comfyui-api.*notes\.datacrew\.space/,
    config: (settings) => {
      application(settings, 1).serviceTokens = ["comfyui-api"];
    },
  },
  {
    name: "a second token",
    section: "access",
    named: /batch/,
    config: (settings) => {
      (settings["serviceTokens"] as object[]).push({ name: "batch", duration: "2190h" });
      application(settings).serviceTokens = ["comfyui-api", "batch"];
    },
  },
  {
    name: "a third application",
    section: "access",
    named: /grafana\.datacrew\.space/,
    config: (settings) => {
      const grafana = { name: "grafana", kind: "web", service: "http://localhost:3001" };
      (settings["applications"] as object[]).push({
        ...grafana,
        allow: { emails: ["artist@datacrew.space"] },
      });
    },
  },
  {
    name: "another host name",
    section: "access",
    named: /studio\.datacrew\.space/,
    config: (settings) => {
      application(settings).hostname = "studio.datacrew.space";
    },
  },
  {
    name: "another team's logins",
    section: "refused",
    named: /otherteam/,
    config: (settings) => {
      settings["teamName"] = "otherteam";
    },
  },
  {
    name: "a longer session",
    section: "access",
    named: /24h instead of 8h/,
    config: (settings) => {
      application(settings).sessionDuration = "24h";
    },
  },
  {
    name: "a session of a month, and the limit raised for it",
    section: "access",
    named: /720h instead of 8h/,
    config: (settings) => {
      settings["maxSessionDuration"] = "720h";
      application(settings).sessionDuration = "720h";
    },
  },
  {
    name: "a service on another machine",
    section: "traffic",
    named: /http:\/\/10\.0\.0\.5:8188/,
    config: (settings) => {
      application(settings).service = "http://10.0.0.5:8188";
    },
  },
  {
    name: "a service of somebody else's",
    section: "traffic",
    named: /collector\.example\.net/,
    config: (settings) => {
      application(settings).service = "https://collector.example.net";
    },
  },
  {
    name: "a service by a local socket",
    section: "traffic",
    named: /unix:\/run\/docker\.sock/,
    config: (settings) => {
      application(settings).service = "unix:/run/docker.sock";
    },
  },
  {
    name: "two services exchanged",
    section: "traffic",
    named: /comfyui\.datacrew\.space leads to http:\/\/localhost:3000|comfyui.*localhost:3000/,
    config: (settings) => {
      application(settings, 0).service = "http://localhost:3000";
      application(settings, 1).service = "http://localhost:8188";
    },
  },
  {
    name: "a person that reads the tokens",
    section: "secrets",
    named: /user:second@partner-studio\.com/,
    config: (settings) => {
      (object(settings, "secretStore")["readers"] as string[]).push(`user:${STRANGER}`);
    },
  },
  {
    name: "a domain that reads the tokens",
    section: "secrets",
    named: /domain:partner-studio\.com/,
    config: (settings) => {
      (object(settings, "secretStore")["readers"] as string[]).push("domain:partner-studio.com");
    },
  },
  {
    name: "the secrets in another project",
    section: "secrets",
    named: /datacrew-other/,
    config: (settings) => {
      object(settings, "secretStore")["project"] = "datacrew-other";
    },
  },
  {
    name: "the secrets at another site",
    section: "secrets",
    named: /vault\.example\.net/,
    config: (settings) => {
      object(settings, "infisical")["siteUrl"] = "https://vault.example.net";
    },
  },
  {
    name: "the secrets in another Infisical project",
    section: "secrets",
    named: /0a1b2c3d-3a52-4d86-9c41-0d2e7a9b6c13/,
    config: (settings) => {
      object(settings, "infisical")["projectId"] = "0a1b2c3d-3a52-4d86-9c41-0d2e7a9b6c13";
    },
  },
  {
    name: "the secrets in a folder that more read",
    section: "secrets",
    named: /\/shared/,
    config: (settings) => {
      object(settings, "infisical")["secretPath"] = "/shared";
    },
  },
  {
    name: "Google's secrets by another address",
    section: "refused",
    named: /secrets\.example\.net/,
    config: (settings) => {
      settings["gcp:secretManagerCustomEndpoint"] = "https://secrets.example.net/v1/";
    },
  },
  {
    name: "Cloudflare's API by another address",
    // A preview asks that API itself, and would send the credentials there.
    section: "refused",
    named: /api\.example\.net/,
    config: (settings) => {
      settings["cloudflare:baseUrl"] = "https://api.example.net/client/v4";
    },
  },
  {
    name: "a token of a year",
    section: "credentials",
    named: /comfyui-api is valid for 8760h instead of 2190h/,
    config: (settings) => {
      token(settings)["duration"] = "8760h";
    },
  },
  {
    name: "a token without end, and the limit raised for it",
    section: "credentials",
    named: /comfyui-api is valid for forever/,
    config: (settings) => {
      settings["maxTokenDuration"] = "forever";
      token(settings)["duration"] = "forever";
    },
  },
  {
    name: "an old secret that counts for longer",
    section: "credentials",
    named: /comfyui-api is accepted until/,
    config: (settings) => {
      token(settings)["previousExpiresAt"] = inDays(29);
    },
  },
  {
    name: "no alarm before a token expires",
    section: "credentials",
    named: /no longer told before a service token ends/,
    config: (settings) => {
      delete settings["alerts"];
    },
  },
  {
    name: "the alarms for somebody else",
    section: "credentials",
    named: /no longer told before a service token ends/,
    config: (settings) => {
      settings["alerts"] = { emails: [STRANGER] };
    },
  },
];

export const CONFIG_ROWS: readonly Attack[] = rows.map((row) => ({ kind: "config", ...row }));
