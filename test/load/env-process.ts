import { EnvFileSink } from "../../packages/cli/secrets/env-file";
import { serve } from "./worker";

/** A command that writes a `.env` file, again and again: the values of one key are 1, 2, 3 … */
serve({
  write: async ({ path, key, times }: { path: string; key: string; times: number }): Promise<number> => {
    const sink = new EnvFileSink({ path });
    let written = 0;
    for (let value = 1; value <= times; value += 1) {
      await sink.write({ [key]: `${value}` });
      written += 1;
    }
    return written;
  },
});
