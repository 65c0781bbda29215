/** A change that is not a policy's, though it bears on who gets in. */
export interface Fact {
  kind:
    | "application"
    | "connector check"
    | "proxying"
    | "published"
    | "preflights"
    | "foreign pages"
    | "login offered"
    | "origin"
    | "origin options"
    | "tunnel"
    | "secrets"
    | "secret readers"
    | "connector token"
    | "token"
    | "token duration"
    | "previous secret"
    | "expiry alarm";
  /** `moves`: requests that reached one service reach another. */
  effect: "widens" | "narrows" | "moves" | "informs";
  /** The host name or token that it is about. */
  about: string;
  /** What it was and is, without ids and names of resources. */
  detail: string;
  /** One sentence for people. */
  text: string;
}

/** A fact of a host name, which is added to it. */
export type Draft = Omit<Fact, "about">;
