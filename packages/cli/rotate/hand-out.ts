import { ApiError, UserError } from "../../base/errors";
import { selectApplication, type TokenAccess } from "../secrets/credentials";
import { openSink, type SinkOptions, valuesFor } from "../secrets/open-sink";
import type { StackOutputs } from "../secrets/outputs";
import type { SinkKind, SinkStack } from "../secrets/sink";

/** Where the credentials go. */
export interface Sinks {
  kinds: readonly SinkKind[];
  options: SinkOptions;
  /** Which application's address goes along; default as for `env`. */
  application?: string;
}

/** What became of one sink; no value. */
export interface HandedOut {
  kind: SinkKind;
  where: string;
  result: "written" | "current" | "failed";
  /** Why it failed. */
  error?: string;
  notices: readonly string[];
}

/**
 * Writes a token's credentials to every sink, and reads them back. One that fails does not keep the others from it.
 * @param token the name that the credentials are handed out under, and the credentials.
 */
export async function handOut(
  { kinds, options, application }: Sinks,
  stack: SinkStack,
  outputs: StackOutputs,
  token: TokenAccess,
): Promise<HandedOut[]> {
  const done: HandedOut[] = [];
  for (const kind of kinds) {
    let where: string = kind;
    try {
      const sink = await openSink(kind, stack, options);
      where = sink.describe();
      const credentials = { outputs, application: selectApplication(outputs, application), token };
      const values = await valuesFor(kind, stack, credentials);
      const { written, notices } = await sink.write(values);
      const after = await sink.check(values);
      if (after.status !== "current") {
        throw new UserError(`${where} does not hold what was written`, "See who else writes there.");
      }
      done.push({ kind, where, result: written ? "written" : "current", notices });
    } catch (error) {
      if (!(error instanceof UserError || error instanceof ApiError)) throw error;
      done.push({ kind, where, result: "failed", error: error.message, notices: [] });
    }
  }
  return done;
}
