import { startSandbox } from "../../packages/sandbox/server/server";
import { serve } from "./worker";

/** A sandbox that keeps its state in a file, to be killed. */
serve({
  start: async (stateFile: string): Promise<string> =>
    (await startSandbox({ stateFile, rateLimit: false })).apiUrl,
});
