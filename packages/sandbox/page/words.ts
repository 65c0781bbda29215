import { html } from "hono/html";

/** HTML in which everything that was put in is escaped. */
export type Markup = ReturnType<typeof html>;

/** What a badge says by its colour, besides its word. */
export type Tone = "good" | "wrong" | "careful" | "plain";

export const badge = (tone: Tone, text: string): Markup => html`<span class="badge ${tone}">${text}</span>`;

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 365 * 86_400],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];
const FORMAT = new Intl.RelativeTimeFormat("en", { numeric: "always" });

/** How far a time is from now, to the largest unit of which there are two: `in 364 days`, `3 hours ago`. */
function distance(time: string, now: Date): string {
  const seconds = (Date.parse(time) - now.getTime()) / 1000;
  const [unit, length] = UNITS.find(([, size]) => Math.abs(seconds) >= 2 * size) ?? ["minute", 60];
  return FORMAT.format(Math.trunc(seconds / length), unit);
}

/** A time with its date for the eye and its whole value for machines. */
export const timeOf = (time: string, now: Date): Markup =>
  html`<time datetime="${time}">${time.slice(0, 16).replace("T", " ")} UTC (${distance(time, now)})</time>`;

/** `1 connector`, `2 connectors`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
