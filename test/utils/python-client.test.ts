import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCertificateAuthority } from "../../sandbox/tls/certificate-authority";
import type { CaseOutcome } from "../client/case";
import { loadCases, runCase } from "../client/run-case";
import { type PythonWorker, startPython } from "./python";

const authority = createCertificateAuthority();
let worker: PythonWorker;

beforeAll(() => {
  worker = startPython("run_case.py");
});
afterAll(() => worker.close());

describe.each(await loadCases())("$file", ({ cases }) => {
  it.each(cases)("$name", async (one) => {
    expect(await runCase(one, (input) => worker.ask<CaseOutcome>(input), authority)).toEqual([]);
  });
});
