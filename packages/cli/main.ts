import "../base/process/no-environment-in-reports";
import { endInOrder } from "../base/process/signals";
import { failureOf } from "./commands/failure";

// `… | head` closes the pipe early; what is under way is still finished.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_DESTROYED") throw error;
  });
}

endInOrder();

// Loaded only then: what goes wrong while the libraries load is said like any other failure.
async function run(): Promise<number> {
  const { start } = await import("./commands/start.js");
  return start(process.argv.slice(2));
}

run().then(
  (code) => {
    process.exitCode = code;
  },
  async (error: unknown) => {
    // Ctrl-C reaches children first, whose end then shows as a failure; the command's own signal is a moment behind.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const { text, exitCode } = failureOf(error);
    process.stderr.write(text);
    process.exitCode = exitCode;
  },
);
