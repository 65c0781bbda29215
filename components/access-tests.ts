import type { AccessTestFinding } from "../config/access-test-finding";
import type { StackConfig } from "../config/stack-config";
import type { Situation } from "../packages/access/situation";
import { judgeAccessTests } from "../packages/access/tests/judge";
import { ProblemsError } from "../packages/base/problems";
import { TYPES } from "../packages/cloudflare/kinds";
import { situationOf } from "../packages/cloudflare/read-situation";
import type { Declarable } from "./args";
import { declaration, type Known } from "./declaration";
import { GOOGLE_LOGIN } from "./google-identity-provider";

/**
 * Judges the stack's access tests on what the program is about to declare.
 * @throws {ProblemsError} with one problem for each test that fails.
 */
export function judgePlan(config: Declarable & Pick<StackConfig<unknown>, "accessTests">): void {
  if (config.accessTests.length === 0) return;
  const results = judgeAccessTests(plannedAccess(config), config.accessTests, new Date());
  const failed = results.flatMap(({ test, path, who, place, expected, got, by, passed, remedy = "" }) => {
    if (passed) return [];
    const found = `${who} at ${place}: expected ${expected}, got ${got}${by === undefined ? "" : ` (${by})`}`;
    return [{ test, path, found, remedy }];
  });
  if (failed.length === 0) return;
  const findings = failed.map(
    ({ test, path, found }): AccessTestFinding => ({
      code: "access-test-failed",
      severity: "error",
      where: path,
      data: { test, found },
    }),
  );
  throw new ProblemsError("what the access tests expect", failed, findings);
}

/**
 * Who will get in: what the program declares, with names in place of the ids that only Cloudflare gives, read as a state
 * is read.
 */
export function plannedAccess(config: Declarable): Situation {
  const declared = declaration(config, NAMED).map(({ id, resource: { type, name, properties } }) => {
    // What an application's tokens are made out to is no input; here it is the application's name.
    return { type, id, outputs: type === TYPES.application ? { ...properties, aud: name } : properties };
  });
  const { identityProviderId } = config.google;
  // One that exists is not declared, and the config's word for what it is.
  const login =
    identityProviderId === undefined
      ? []
      : [{ type: TYPES.identityProvider, id: identityProviderId, outputs: GOOGLE_LOGIN }];
  return situationOf([...login, ...declared]);
}

/** Who gets in does not depend on these. */
const NAMED: Known = {
  project: "",
  stack: "",
  zoneId: "",
  idOf: (_, name) => name,
  audOf: (application) => application,
  secretOf: () => "",
};
