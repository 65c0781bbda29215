/** How a run measures. */
export interface Bench {
  /** Numbers of applications. */
  sizes: readonly number[];
  /** How many rounds, given how many this figure wants: the user may have said another number. */
  rounds(wanted: number): number;
  /** Takes one line on what is under way. */
  progress(text: string): void;
  /** The folder of the program to measure. Default: the project. */
  programDir?: string;
}
