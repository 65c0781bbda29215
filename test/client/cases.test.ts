import { describe, expect, test } from "vitest";
import { createCertificateAuthority } from "../../packages/sandbox/tls/certificate-authority";
import { loadCases, runCase } from "./run-case";
import { typescriptClient } from "./subject";

const authority = createCertificateAuthority();

for (const { file, cases } of loadCases()) {
  describe.concurrent(file.replace(".json", ""), () => {
    for (const one of cases) {
      test(one.name, async () => {
        expect(await runCase(one, typescriptClient, await authority)).toEqual([]);
      });
    }
  });
}
