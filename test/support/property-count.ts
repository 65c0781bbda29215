import { globSync } from "node:fs";
import { relative } from "node:path";
import type { Reporter, TestModule, Vitest } from "vitest/node";
import { PROPERTY_SEED } from "./property-seed";

/** Cases that a run of every property test has to come to; fewer fail it, however green each test is. */
const AT_LEAST = 100_000;

/** The tests that have to have run for that. */
const FILES = "test/properties/*.test.ts";

/** Sums up the cases that really ran, file by file, and prints them with the seed. */
export default class PropertyCount implements Reporter {
  private vitest?: Vitest;

  onInit(vitest: Vitest): void {
    this.vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const rows = modules.flatMap((module) => {
      const ran = [...module.children.allTests()].flatMap((test) => test.meta().properties ?? []);
      if (ran.length === 0) return [];
      const sum = (of: "cases" | "ms") => ran.reduce((total, each) => total + each[of], 0);
      const file = relative(process.cwd(), module.moduleId);
      return [{ file, cases: sum("cases"), seconds: sum("ms") / 1000 }];
    });
    if (rows.length === 0) return;
    const cases = rows.reduce((total, row) => total + row.cases, 0);
    console.log(`\nProperty cases with PROPERTY_SEED=${PROPERTY_SEED}`);
    for (const row of rows.sort((a, b) => a.file.localeCompare(b.file))) {
      console.log(`${counted(row.cases)}  ${row.seconds.toFixed(1).padStart(6)} s  ${row.file}`);
    }
    console.log(`${counted(cases)}  in all`);
    if (!this.isComplete(modules) || cases >= AT_LEAST) return;
    console.error(`Fewer than ${counted(AT_LEAST).trim()} property cases ran.`);
    process.exitCode = 1;
  }

  /** Whether all those tests were asked for, as they are in CI, so that their number is worth a judgement. */
  private isComplete(modules: readonly TestModule[]): boolean {
    const { PROPERTY_PATH, PROPERTY_RUNS } = process.env;
    const isPart = PROPERTY_PATH || PROPERTY_RUNS || this.vitest?.config.testNamePattern;
    const ran = modules.map(({ moduleId }) => relative(process.cwd(), moduleId));
    return !isPart && globSync(FILES).every((file) => ran.includes(file));
  }
}

const counted = (cases: number): string => cases.toLocaleString("en-US").padStart(9);
