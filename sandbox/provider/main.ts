import { startSandboxProvider } from "./index";

// The port goes to stdout alone, so that another program can read it from there.
startSandboxProvider().then(
  ({ port }) => console.log(port),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
