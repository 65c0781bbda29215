import type { Finding } from "./types";

/** Whether a text that the audit cannot read has ComfyUI's address or one of its routes in it. */
export function isSuspicious(text: string, hostname: string): boolean {
  return (
    text.toLowerCase().includes(hostname.toLowerCase()) ||
    /:8188\b|CF-Access-Client|COMFYUI?_\w*(URL|HOST|SERVER|ADDRESS|ENDPOINT)/i.test(text) ||
    /\/(object_info|system_stats|upload\/image|ws\/?\?clientId)\b/.test(text) ||
    (/comfy/i.test(text) && /["'`/}](prompt|queue|history|interrupt|view)[/?"'`$]/.test(text))
  );
}

/**
 * The first line that the grammar does not know and that has an address or a route in it, which nobody has found
 * all the same.
 */
export function hiddenLine(
  code: string,
  unknown: readonly (readonly [from: number, to: number])[],
  findings: readonly Finding[],
  hostname: string,
): number | undefined {
  if (unknown.length === 0) return undefined;
  const lines = code.split("\n");
  const found = new Set(findings.map(({ line }) => line));
  for (const [from, to] of unknown) {
    for (let line = from; line <= to; line++) {
      if (!found.has(line) && isSuspicious(lines[line - 1] ?? "", hostname)) return line;
    }
  }
  return undefined;
}
