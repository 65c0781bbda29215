import { join } from "node:path";
import { atMost, type Figure, figureOf } from "../figure";
import { inTurn } from "../rounds";
import { openBenchStack } from "../stack";
import type { Bench } from "./bench";
import { scriptWords } from "./scripts";

const OUTPUTS = ["stack", "output", "--json", "--show-secrets"];

/** `env` into a file, against the engine's own command that prints the same values; once more with npm around both. */
export async function envFigures({ rounds, progress, programDir }: Bench): Promise<Figure[]> {
  const stack = await openBenchStack("this", 1, programDir);
  try {
    const options = ["--stack", "dev", "--file", join(stack.dir, ".env")];
    const words = await scriptWords("env");
    const series = await inTurn(
      [
        { name: "pulumi stack output", run: () => stack.engine(OUTPUTS) },
        { name: "env", run: () => stack.command([...words, ...options]) },
        {
          name: "npm run env",
          run: () => stack.command(["npm", "run", "--silent", "env", "--", ...options]),
        },
      ],
      rounds(21),
      (text) => progress(`env: ${text}`),
    );
    const reference = "pulumi stack output";
    return [
      figureOf(series, { name: "env", measured: "env", reference, limit: atMost(1.5) }),
      figureOf(series, { name: "env, started by npm", measured: "npm run env", reference }),
    ];
  } finally {
    await stack.close();
  }
}
