import { startSandboxProvider } from "./index";

// What an engine needs as PULUMI_DEBUG_PROVIDERS goes to stdout alone, so that a script can take it from there.
startSandboxProvider().then(
  ({ debugProviders }) => console.log(debugProviders),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
