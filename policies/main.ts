import "../packages/base/process/no-environment-in-reports";
import { version } from "../package.json";
import { endWithParent } from "../packages/base/process/end-with-parent";
import { serveAnalyzer } from "./analyzer";

// The engine reads the port from the first line; how to go on it learns over gRPC.
serveAnalyzer({ name: "comfyui-access-guardrails", version }).then(
  (port) => {
    console.log(String(port));
    endWithParent();
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
