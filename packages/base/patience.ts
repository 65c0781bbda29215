/**
 * How patient calls of an API are. Both variables are for tests of faults, which would otherwise wait for minutes;
 * unset, the values are the ones that stand beside each call.
 *
 * - `COMFYUI_ACCESS_PAUSES`: what every pause between two tries is multiplied by, e.g. `0.01`. Default 1.
 * - `COMFYUI_ACCESS_TIMEOUT_MS`: how long any answer may take, in milliseconds.
 */
export function pause(milliseconds: number): number {
  const factor = positive("COMFYUI_ACCESS_PAUSES");
  return factor === undefined ? milliseconds : milliseconds * factor;
}

/** How long an answer may take, in milliseconds. */
export function timeout(milliseconds: number): number {
  return positive("COMFYUI_ACCESS_TIMEOUT_MS") ?? milliseconds;
}

function positive(name: string): number | undefined {
  const value = Number(process.env[name] ?? Number.NaN);
  return Number.isFinite(value) && value > 0 ? value : undefined;
}
