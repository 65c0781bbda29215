import type { FindingOf } from "../packages/base/finding";

/** An access test that fails, at one place. */
export type AccessTestFinding = FindingOf<{
  "access-test-failed": {
    /** Which test of the config, from 0; one may fail at several places. */
    test: number;
    /** What came instead, in words. */
    found: string;
  };
}>;
