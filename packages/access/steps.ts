/** Where a request ends that does not arrive: at the name, in the tunnel's rules, at Access, or at the connector's check. */
export type StoppedAt = "name" | "tunnel" | "access" | "connector";

/** What keeps a request away. */
export type Stop = { at: StoppedAt } & (
  | {
      /**
       * `not published`: no application, record or rule has the name. `no record`: no DNS record has it. `no rule`: no
       * rule of the tunnel takes it. `no token`: it carries no JWT for the connector.
       */
      code: "not published" | "no record" | "no rule" | "no token";
      /** The host name. */
      about: string;
    }
  /** The DNS record of a tunnel is not proxied, and nothing but Cloudflare reaches a tunnel. */
  | { code: "not proxied"; about: string }
  /** The tunnel's rule answers by itself. */
  | { code: "answered by the tunnel"; about: string; service: string }
  /** The connector takes no JWT of that application. */
  | { code: "other audience"; about: string }
  /** The policies let nobody like this in; `login`: Access asks for a login first, after which it might. */
  | { code: "refused"; about: string; login: boolean }
);

/** Something that a situation does not say, and that has to be so for a request to arrive. */
export interface Open {
  code:
    | "record leads here"
    | "record proxied"
    | "record target"
    | "other target"
    | "unproxied target"
    | "rule"
    | "rule host"
    | "rule path"
    | "tunnel"
    | "connector check"
    | "audience of application"
    | "audience of connector";
  /** The host name, record, target or application that it is about. */
  about: string;
  /** The record, where the target is what it is about. */
  record?: string;
  /** The pattern of the rule whose paths it is about. */
  pattern?: string;
}

/** Why a request does not arrive, in words. */
export function stopWords(stop: Stop): string {
  switch (stop.code) {
    case "not published":
      return `nothing publishes ${stop.about}`;
    case "no record":
      return `${stop.about} has no DNS record`;
    case "not proxied":
      return `the DNS record ${stop.about} is not proxied, and a tunnel is reached through Cloudflare alone`;
    case "no rule":
      return `the tunnel has no rule for ${stop.about}`;
    case "answered by the tunnel":
      return `the tunnel answers for ${stop.about} itself, with ${stop.service}`;
    case "no token":
      return "requires Access's JWT, which such a request does not carry";
    case "other audience":
      return `takes no JWT of application ${stop.about}`;
    case "refused":
      return `no policy of application ${stop.about} lets it in`;
  }
}

/** What is not known, in words. */
export function openWords({ code, about, record, pattern }: Open): string {
  switch (code) {
    case "record leads here":
      return `whether a DNS record of ${about} leads here`;
    case "record proxied":
      return `whether the DNS record ${about} is proxied`;
    case "record target":
      return `where the DNS record ${about} leads`;
    case "other target":
      return `what answers at ${about}`;
    case "unproxied target":
      return `what answers at ${about}: the DNS record ${record} is not proxied`;
    case "rule":
      return `whether the tunnel has a rule for ${about}`;
    case "tunnel":
      return `by which of the tunnels requests for ${about} come`;
    case "rule host":
      return `whether a tunnel's rule takes it at ${about}, as the rule's host name cannot be read`;
    case "rule path":
      return `whether the tunnel's rule for paths like ${pattern} takes it at ${about}`;
    case "connector check":
      return "what the connector checks";
    case "audience of application":
      return `the audience of application ${about}`;
    case "audience of connector":
      return "which audience the connector takes";
  }
}
