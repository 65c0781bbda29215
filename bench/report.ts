import { arch, cpus, release, totalmem, type } from "node:os";
import { ensureEngine } from "../packages/cli/engine/engine";
import type { Figure } from "./figure";
import type { DemoStep } from "./figures/demo";

/** What a run of the benchmarks gave. */
export interface Report {
  machine: Machine;
  /** When the run began (RFC 3339). */
  at: string;
  figures: Figure[];
  /** Absent when they were not asked for. */
  demo?: DemoStep[];
  /** What misses its limit, one line each. */
  misses: string[];
}

/** Where it ran. */
export interface Machine {
  cores: number;
  processor: string;
  memoryGiB: number;
  system: string;
  node: string;
  engine: string;
  /** Which providers answered the engine. */
  providers: string;
}

/** Names this machine. */
export async function thisMachine(): Promise<Machine> {
  const processors = cpus();
  return {
    cores: processors.length,
    processor: processors[0]?.model.trim() ?? "unknown processor",
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    system: `${type()} ${release()} ${arch()}`,
    node: process.version,
    engine: `pulumi ${(await ensureEngine()).version}`,
    providers: "the sandbox's own, which run already and answer at once",
  };
}

/** The machine in one line. */
export function machineText({ cores, processor, memoryGiB, system, node, engine }: Machine): string {
  return `${cores} × ${processor}, ${memoryGiB} GiB, ${system}; Node ${node}, ${engine}`;
}

/** Column headings and cells of the figures. */
export function figureRows(figures: readonly Figure[]): string[][] {
  const head = ["what", "compared with", "ratio", "middle half", "CPU", "limit", "medians", "rounds"];
  return [head, ...figures.map(cells)];
}

function cells({
  name,
  reference,
  ratio,
  cpuRatio,
  limit,
  measured,
  compared,
  unit,
  rounds,
}: Figure): string[] {
  const both = [measured, compared].map((value) => (unit === "s" ? value.toFixed(2) : value.toFixed(0)));
  return [
    name,
    reference,
    ratio.median.toFixed(2),
    `${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)}`,
    cpuRatio === undefined ? "" : cpuRatio.median.toFixed(2),
    limit === undefined ? "" : `${limit.side} ${limit.ratio.toFixed(2).replace(/0$/, "")}`,
    `${both.join(" / ")} ${unit.replace("/s", "per s")}`,
    String(rounds),
  ];
}

/** Column headings and cells of demo's steps. */
export function demoRows(steps: readonly DemoStep[]): string[][] {
  const whole = steps.reduce((sum, { seconds }) => sum + seconds, 0);
  const row = (name: string, seconds: number, share: number) => [
    name,
    `${seconds.toFixed(1)} s`,
    `${(share * 100).toFixed(0)} %`,
  ];
  return [
    ["step of demo", "time", "share"],
    ...steps.map(({ name, seconds, share }) => row(name, seconds, share)),
    row("in all", whole, 1),
  ];
}
