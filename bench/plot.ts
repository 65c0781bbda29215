import type { Figure } from "./figure";

const ROW = 26;
const LEFT = 440;
const RIGHT = 40;
const WIDTH = 940;
const TOP = 78;

/** The ratios as a picture: a dot for the median, a line for the middle half of the rounds, a bar for the limit. */
export function plot(figures: readonly Figure[], caption: string): string {
  const largest = Math.max(...figures.flatMap(({ ratio, limit }) => [ratio.high, limit?.ratio ?? 0]), 1);
  const end = Math.ceil(largest * 4) / 4;
  const x = (ratio: number): string => (LEFT + ((WIDTH - LEFT - RIGHT) * ratio) / end).toFixed(1);
  const height = TOP + figures.length * ROW + 40;
  const ticks = Array.from(
    { length: Math.round(end / (end > 3 ? 0.5 : 0.25)) + 1 },
    (_, index) => index * (end > 3 ? 0.5 : 0.25),
  );
  const bottom = TOP + figures.length * ROW;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title desc" font-family="system-ui, -apple-system, 'Segoe UI', sans-serif" font-size="13">
  <title id="title">Ratios and their limits</title>
  <desc id="desc">${escaped(figures.map(inWords).join(" "))}</desc>
  <style>
    .page { fill: #ffffff } text { fill: #1b222c } .soft { fill: #4a5563 } .grid { stroke: #dde2e8 } .one { stroke: #8a94a3 }
    .held { fill: #1a7f37; stroke: #1a7f37 } .missed { fill: #b3261e; stroke: #b3261e } .free { fill: #4a5563; stroke: #4a5563 }
    .limit { stroke: #c2540a }
    @media (prefers-color-scheme: dark) {
      .page { fill: #12161c } text { fill: #e8edf3 } .soft { fill: #aeb8c4 } .grid { stroke: #2a323d } .one { stroke: #66717f }
      .held { fill: #4ac26b; stroke: #4ac26b } .missed { fill: #ff9a91; stroke: #ff9a91 } .free { fill: #aeb8c4; stroke: #aeb8c4 }
      .limit { stroke: #f0883e }
    }
    .s { font-size: 12px } .m { text-anchor: middle } .e { text-anchor: end }
  </style>
  <rect class="page" width="${WIDTH}" height="${height}" rx="8"/>
  <text x="20" y="26" font-weight="600">Ratio to the reference</text>
  <text class="s soft" x="20" y="46">dot: median of the rounds; line: where half of them lie; bracket: the limit, open to the side that is wanted</text>
${ticks.map((tick) => `  <path class="${tick === 1 ? "one" : "grid"}" d="M${x(tick)} ${TOP - 8}V${bottom}"/><text class="s soft m" x="${x(tick)}" y="${TOP - 13}">${tick}</text>`).join("\n")}
${figures.map((figure, index) => row(figure, TOP + index * ROW + ROW / 2, x)).join("\n")}
  <text class="s soft" x="20" y="${height - 14}">${escaped(caption)}</text>
</svg>
`;
}

function row(figure: Figure, y: number, x: (ratio: number) => string): string {
  const { name, reference, ratio, limit } = figure;
  const line = [
    `<text x="${LEFT - 14}" y="${y + 4}" class="e">${escaped(name)} <tspan class="s soft">/ ${escaped(reference)}</tspan></text>`,
    `<path class="${stateOf(figure)}" stroke-width="2" d="M${x(ratio.low)} ${y}H${x(ratio.high)}"/>`,
    `<circle class="${stateOf(figure)}" cx="${x(ratio.median)}" cy="${y}" r="4.5"/>`,
  ];
  if (limit !== undefined) {
    // The tick points to the side that is wanted.
    const foot = limit.side === "at most" ? -5 : 5;
    line.push(
      `<path class="limit" fill="none" stroke-width="2" d="M${x(limit.ratio)} ${y - 9}v18m0 0h${foot}m${-foot} -18h${foot}"/>`,
    );
  }
  return `  ${line.join("")}`;
}

function stateOf({ ratio, limit }: Figure): "held" | "missed" | "free" {
  if (limit === undefined) return "free";
  const held = limit.side === "at most" ? ratio.median <= limit.ratio : ratio.median >= limit.ratio;
  return held ? "held" : "missed";
}

function inWords({ name, reference, ratio, limit }: Figure): string {
  const bound = limit === undefined ? "" : `, ${limit.side} ${limit.ratio}`;
  return `${name}: ${ratio.median.toFixed(2)} of ${reference}${bound}.`;
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
