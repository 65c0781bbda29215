import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCertificateAuthority } from "../../packages/sandbox/tls/certificate-authority";
import type { CaseInput, CaseOutcome } from "../client/case";
import { loadCases, runCase } from "../client/run-case";
import { type PythonWorker, startCaseRunner } from "./python";

const authority = createCertificateAuthority();
const idle: PythonWorker[] = [];

beforeAll(async () => {
  // As many as vitest runs tests at once.
  idle.push(...(await Promise.all(Array.from({ length: 5 }, startCaseRunner))));
}, 60_000);
afterAll(async () => {
  await Promise.all(idle.map((worker) => worker.close()));
});

/** The Python client, called the way a case says. */
async function pythonClient(input: CaseInput): Promise<CaseOutcome> {
  // A case that got no answer in its time keeps its process.
  const worker = idle.pop() ?? (await startCaseRunner());
  try {
    return await worker.ask<CaseOutcome>(input);
  } finally {
    idle.push(worker);
  }
}

for (const { file, cases } of loadCases()) {
  describe.concurrent(file.replace(".json", ""), () => {
    for (const one of cases) {
      it(one.name, async () => {
        expect(await runCase(one, pythonClient, await authority)).toEqual([]);
      });
    }
  });
}
