import type { Timed } from "./timed";

/** One of those that are compared. */
export interface Contender<Name extends string = string> {
  name: Name;
  run(): Promise<Pick<Timed, "wallMs" | "cpuMs">>;
}

/** What each round took, by contender and in the order of the rounds. */
export type Series<Name extends string = string> = Record<Name, { wallMs: number[]; cpuMs: number[] }>;

/**
 * Runs all contenders in turn, the order turned around in every other round, so that none always follows the same one.
 * @param rounds counted; one before them fills caches and is not.
 */
export async function inTurn<Name extends string>(
  contenders: readonly Contender<Name>[],
  rounds: number,
  progress: (text: string) => void = () => {},
): Promise<Series<Name>> {
  const series = Object.fromEntries(
    contenders.map(({ name }) => [name, { wallMs: [], cpuMs: [] }]),
  ) as unknown as Series<Name>;
  for (let round = 0; round <= rounds; round += 1) {
    for (const { name, run } of round % 2 === 0 ? contenders : contenders.toReversed()) {
      progress(`round ${round} of ${rounds}, ${name}`);
      const { wallMs, cpuMs } = await run();
      if (round === 0) continue;
      series[name].wallMs.push(wallMs);
      series[name].cpuMs.push(cpuMs);
    }
  }
  return series;
}
