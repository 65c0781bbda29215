/** What CI's cases follow from, so that a failure there is one here too. */
const FIXED = 20_261_126;

/** Whether a run tries all that it can. */
export const isWhole = (): boolean => process.env["FULL_TABLES"] === "1";

/** The seed of this run: PROPERTY_SEED, which `vitest.config.mts` takes from the clock for a whole run, else CI's own. */
export const PROPERTY_SEED: number = Number(process.env["PROPERTY_SEED"] || FIXED);
