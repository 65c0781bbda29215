import type { Figure } from "./figure";
import { demoRows, figureRows, machineText, type Report } from "./report";

const BEGIN = "<!-- written by npm run bench: from here -->";
const END = "<!-- written by npm run bench: to here -->";

/**
 * The page with this run's results in the place of the last one's; what is written by hand around them stays.
 * @throws Error when the page has not both markers, in their order
 */
export function withResults(page: string, report: Report): string {
  const [before, rest, ...more] = page.split(BEGIN);
  const [, after, ...again] = rest?.split(END) ?? [];
  if (before === undefined || after === undefined || more.length + again.length > 0) {
    throw new Error(`the page needs each of these lines once, in this order: ${BEGIN} and ${END}`);
  }
  return `${before}${BEGIN}\n\n${results(report)}\n\n${END}${after}`;
}

function results({ machine, at, figures, demo, misses }: Report): string {
  const parts = [
    `Measured on ${datesOf(at, figures)}: ${machineText(machine)}. Providers: ${machine.providers}. Each ratio is the median of the rounds' own ratios, "middle half" says where half of the rounds lie; CPU is the same of the processor time. Medians: what is measured / what it is compared with.`,
    `![The ratios and their limits](images/performance.svg)`,
    markdown(figureRows(figures)),
    misses.length === 0
      ? `All ${withLimit(figures).length} limits hold.`
      : ["Limits that are missed:", "", ...misses.map((line) => `- ${line}`)].join("\n"),
    ...(demo === undefined ? [] : [markdown(demoRows(demo))]),
  ];
  return parts.join("\n\n");
}

/** One day, or the first and the last, when parts were measured again. */
function datesOf(at: string, figures: readonly Figure[]): string {
  const days = [at, ...figures.map((figure) => figure.at ?? at)].map((time) => time.slice(0, 10)).sort();
  const [first, last] = [days[0], days.at(-1)];
  return first === last ? `${first}` : `${first} to ${last}`;
}

const withLimit = (figures: readonly Figure[]): readonly Figure[] =>
  figures.filter(({ limit }) => limit !== undefined);

function markdown([head = [], ...rows]: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
