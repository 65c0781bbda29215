import { UserError } from "../../base/errors";
import type { SecretSink, SecretValues, SinkWrite } from "./sink";

/** A write that broke off between keys; running it again completes it. */
export class IncompleteWriteError extends UserError {
  constructor(
    where: string,
    /** The keys that were written, in the wanted order. */
    readonly written: readonly string[],
    /** The keys that were not. */
    readonly unwritten: readonly string[],
    cause: unknown,
  ) {
    const own = cause instanceof UserError ? cause : undefined;
    const said = cause instanceof Error ? cause.message : String(cause);
    const reason = own === undefined ? said : said.replace(`\n  → ${own.remedy}`, "");
    super(
      `${where} is half written: ${reason}\n  written: ${written.join(", ")}\n  not written: ${unwritten.join(", ")}`,
      `${own === undefined ? "Run" : `${own.remedy} Then run`} the command again: it writes only what is missing.`,
    );
  }
}

/**
 * Writes the keys that differ, one after another, for sinks that know no transaction.
 * @param set writes one key, new or not.
 * @throws {IncompleteWriteError} when a key fails after others were written.
 * @throws what `set` throws, when nothing was written.
 */
export async function writeKeys(
  sink: Pick<SecretSink, "check" | "describe">,
  values: SecretValues,
  set: (key: string, value: string) => Promise<void>,
): Promise<SinkWrite> {
  const before = await sink.check(values);
  const wanted = Object.keys(values).filter((key) => before.keys[key] !== "current");
  const changed: string[] = [];
  for (const key of wanted) {
    const value = values[key] ?? "";
    try {
      await set(key, value);
    } catch (error) {
      // The answer may be all that was lost.
      const after = await sink.check({ [key]: value }).catch(() => undefined);
      if (after?.keys[key] !== "current") {
        if (changed.length === 0) throw error;
        throw new IncompleteWriteError(
          sink.describe(),
          changed,
          wanted.filter((other) => !changed.includes(other)),
          error,
        );
      }
    }
    changed.push(key);
  }
  return { written: changed.length > 0, changed, notices: before.notices };
}
