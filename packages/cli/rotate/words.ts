import type { Step, Stop } from "./next-step";

/** A time for people. */
export function readable(time: string | Date): string {
  return `${new Date(time).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** What a step will do, as the end of "the next run would …". */
export function intention(step: Step, token: string): string {
  switch (step.do) {
    case "raise":
      return `raise the version to ${step.version}; the secret before is accepted until ${readable(step.previousExpiresAt)}`;
    case "note":
      return "send the raised version, once what it replaces is noted";
    case "up":
      return "bring the stack up to its config, which a run before did not finish";
    case "stand-in":
      return step.why === "lost"
        ? `use a stand-in: the answer with the newest secret of ${token} was lost`
        : `use a stand-in: it is not known whether the secret in the state is the newest of ${token}`;
    case "probe":
      return `try the ${step.whose === "token" ? "secret in the state" : "stand-in"} at the edge`;
    case "hand-out":
      return `write the ${step.whose === "token" ? "credentials" : "stand-in's credentials"} to the sinks`;
    case "retire":
      return "hand out the token's own credentials again";
    case "end":
      return "end the secret before";
    case "extend":
      return `make the token live longer than until ${readable(step.expiresAt)}`;
    case "prove":
      return "note that the new secret is in use";
    case "remove-stand-in":
      return "remove the stand-in";
    case "wait":
      return `wait until ${readable(step.until)}: until then somebody may use the secret before`;
    case "nothing":
      return `do nothing: ${nothingWords(step)}`;
    case "stop":
      return `stop: ${stopWords(step.because, token)[0]}`;
  }
}

/** Why there is nothing to do. */
export function nothingWords(step: Extract<Step, { do: "nothing" }>): string {
  const until = step.until === undefined ? "" : readable(step.until);
  switch (step.because) {
    case "not due":
      return "not due";
    case "done":
      return until === "" ? "no old secret is accepted" : `the secret before is accepted until ${until}`;
    case "rotated already":
      return `rotated already; the secret before is accepted until ${until} (--again rotates once more and ends it)`;
    case "stand-in retires":
      return `the stand-in is accepted until ${until}, and the first run after that removes it`;
  }
}

/** What was found, and what to do, when it cannot go on. */
export function stopWords(because: Stop, token: string): [found: string, remedy: string] {
  switch (because) {
    case "not in the state":
      return [`the stack has not made the service token ${token} yet`, "Run `pulumi up` first."];
    case "config behind state":
      return [
        `the config has a lower version of ${token} than the state: it is older than the last rotation`,
        "Get the config that the last rotation wrote, e.g. with `git pull`.",
      ];
    case "refused":
      return [
        "Access refuses the secret in the state; the sinks were left as they are, and nothing was ended",
        "See whether an application takes the token (`npm run verify`), mend that, and run this again.",
      ];
    case "unreachable":
      return [
        "no application that takes the token could be reached, so nothing is known about its secret",
        "Run this where the hostname can be reached, or with --no-probe.",
      ];
    case "stand-in unknown":
      return [
        `the state does not hold the secret of the stand-in for ${token}`,
        "Remove the stand-in from serviceTokens in the stack's config, run `pulumi up`, and run this again.",
      ];
    case "rotated already":
      return [
        `${token} was rotated already and the secret before is still accepted, so nothing was rotated or ended`,
        "End it now with --finish; or rotate once more with --again, which ends it at once.",
      ];
    case "in doubt":
      return [
        `it is not known whether the secret in the state is the newest of ${token}: ending the one before could end it`,
        "Run `rotate` without --finish, or wait until its previousExpiresAt is over.",
      ];
  }
}
