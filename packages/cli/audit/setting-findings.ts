import { parseAddress, placeOf } from "./address";
import { adviceFor } from "./advice";
import { mask } from "./mask";
import type { Setting } from "./read/settings";
import type { Finding, Origin } from "./types";

const NO_SOURCE = { texts: [], bindings: [], imports: [], calls: [], routines: [], changes: [] };

/** Makes a finding of an address that stands in a file for others to use. */
export function settingFinding(
  found: { path: string; line: number; code: string; address: string; from: Origin; token?: boolean },
  hostname: string,
): Finding[] {
  // A list of servers is one setting; what holds for its farthest address holds for it.
  const hosts = found.address.split(",").map((each) => parseAddress(each)?.host ?? "");
  const places = hosts.map(placeOf);
  const at = Math.max(0, places.indexOf("remote"));
  const base = {
    kind: "setting" as const,
    address: { text: hosts.join(", ") || "?", from: found.from },
    place: places[at] ?? "unknown",
    authentication: found.token ? ("access" as const) : ("none" as const),
  };
  const { path, line, code } = found;
  return [{ path, line, ...base, code, ...adviceFor(base, hostname, NO_SOURCE, false) }];
}

const KEY = /(url|urls|uri|host|hostname|server|servers|address|addresses|endpoint|addr|base)$/i;
/** Files that say how ComfyUI is published, and not who calls it. */
const PUBLISHING = /(^|\/)Pulumi(\.[\w-]+)?\.ya?ml$/;

/** Finds ComfyUI's addresses among the keys of a configuration file. */
export function settingFindings(
  settings: Setting[],
  file: { path: string; code: string },
  hostname: string,
): Finding[] {
  if (PUBLISHING.test(file.path) || /^ingress:/m.test(file.code)) return [];
  const lines = file.code.split("\n");
  const token = settings.some(
    ({ path, value }) =>
      /^(COMFYUI_ACCESS_TOKEN|CF_ACCESS_CLIENT_SECRET)$/.test(path.at(-1) ?? "") && value !== "",
  );
  return settings.flatMap((setting) => {
    if (!isAddress(setting, hostname)) return [];
    const port = /:/.test(setting.value) ? undefined : portBeside(setting, settings);
    const key = setting.path.at(-1) ?? "";
    return settingFinding(
      {
        path: file.path,
        line: setting.line,
        code: mask((lines[setting.line - 1] ?? "").trim()).slice(0, 200),
        address: port === undefined ? setting.value : `${setting.value}:${port}`,
        from: /^[A-Z][A-Z0-9_]+$/.test(key)
          ? { kind: "env", name: key }
          : { kind: "config", name: setting.path.join(".") },
        token,
      },
      hostname,
    );
  });
}

function isAddress({ path, value }: Setting, hostname: string): boolean {
  const key = path.at(-1) ?? "";
  const above = path.slice(0, -1).join(".");
  if (/\s/.test(value) || /^(0\.0\.0\.0|::|\*)$/.test(value) || !KEY.test(key)) return false;
  // Of a service in a compose file only its environment says whom it calls; the rest is about itself.
  if (/^services\./.test(above) && !/\.(environment|env|args)(\.|$)/.test(above)) return false;
  // A stack's own list of what it protects.
  if (/(^|\.|:)applications(\.|$)/.test(above)) return false;
  const address = parseAddress(value);
  if (!address || !/^\/?$/.test(address.path)) return false;
  const named = /comfy/i.test(key) || /(^|\.)comfy\w*$/i.test(above);
  if (named) return !/(allow|cors|listen|bind)/i.test(key);
  return value.split(",").some((each) => /:8188$/.test(each) || parseAddress(each)?.host === hostname);
}

/** `COMFYUI_PORT` beside `COMFYUI_HOST`, `port` beside `host`. */
function portBeside({ path }: Setting, settings: Setting[]): string | undefined {
  const key = path.at(-1) ?? "";
  if (!/(host|server|address)$/i.test(key)) return undefined;
  const wanted = [...path.slice(0, -1), key.replace(/(host|server|address)$/i, "port")]
    .join(".")
    .toLowerCase();
  return settings.find((each) => each.path.join(".").toLowerCase() === wanted && /^\d+$/.test(each.value))
    ?.value;
}
