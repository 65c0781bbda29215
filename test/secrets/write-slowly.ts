/**
 * A process for the test that kills it: `write-slowly.ts <file> <value>` writes COMFYUI_ACCESS_TOKEN, says
 * `ready` when the new content is complete beside the file, and then waits for its end.
 */
import { EnvFileSink } from "../../packages/cli/secrets/env-file";

const [path = "", value = ""] = process.argv.slice(2);

const sink = new EnvFileSink({
  path,
  beforeReplace: () => {
    process.stdout.write("ready\n");
    return new Promise<void>((resolve) => setTimeout(resolve, 60_000));
  },
});

void sink.write({ COMFYUI_ACCESS_TOKEN: value });
