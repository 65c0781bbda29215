import { isDeepStrictEqual } from "node:util";
import { type Declared, declaration, type Known, urnOf } from "../../components/declaration";
import type { StackConfig } from "../../config/stack-config";
import { DEV_ZONE_ID } from "../../packages/sandbox/account/seed";
import { COMPUTED_BY_MOCKS, type Registered, SECRET } from "../support/mocks";

const PROJECT = "comfyui-access";

/** A resource as both sides say it. */
interface Said {
  type: string;
  name: string;
  parent: string;
  isComponent: boolean;
  /** Inputs, secrets masked. */
  masked: unknown;
  /** Inputs, secrets as they are. */
  plain: unknown;
}

/**
 * What only one side has, or has otherwise, in words: the resources that a run of the program registered under mocks, and
 * what is declared for its config. Empty when both agree.
 */
export function differences(registered: readonly Registered[], config: StackConfig, stack: string): string[] {
  const run = registered.map((each): [string, Said] => [
    each.urn,
    {
      type: each.type,
      name: each.name,
      parent: each.parent,
      isComponent: !each.custom,
      masked: each.inputs,
      plain: each.plain,
    },
  ]);
  return compared(run, saidFor(config, stack));
}

/** The declaration in the form in which a run is recorded. */
function saidFor(config: StackConfig, stack: string): [string, Said][] {
  const shown = declaration(config, known(config, stack));
  const hidden = declaration(config, { ...known(config, stack), secretOf: () => SECRET });
  return shown.map(({ kind, resource }, index) => {
    const { type, name, parent, properties } = resource;
    return [
      urnOf(resource, PROJECT, stack),
      {
        type,
        name,
        parent: parent === undefined ? "" : urnOf(parent, PROJECT, stack),
        isComponent: kind === "component",
        masked: onWire(hidden[index]?.resource.properties),
        plain: onWire(properties),
      },
    ];
  });
}

/** What the mocks give out. */
function known({ google }: StackConfig, stack: string): Known {
  const id = (type: string, name: string) => `id-of-${type}-${name}`;
  const ids: Partial<Record<Declared["kind"], (name: string) => string>> = {
    "identity provider": () => id("ZeroTrustAccessIdentityProvider", "google"),
    tunnel: () => id("ZeroTrustTunnelCloudflared", "tunnel"),
    policy: (name) => id("ZeroTrustAccessPolicy", name),
    "service token": (name) => id("ZeroTrustAccessServiceToken", name),
    "stored secret": (name) => id("Secret", name),
  };
  return {
    project: PROJECT,
    stack,
    zoneId: DEV_ZONE_ID,
    idOf: (kind, name) => ids[kind]?.(name) ?? "",
    audOf: (name) => String(COMPUTED_BY_MOCKS.ZeroTrustAccessApplication(name).aud),
    secretOf: (kind, name) => {
      if (kind === "identity provider") return google.clientSecret ?? "";
      if (kind === "tunnel") return COMPUTED_BY_MOCKS.RandomBytes(name).base64;
      const { clientId, clientSecret } = COMPUTED_BY_MOCKS.ZeroTrustAccessServiceToken(name);
      return `${clientId}:${clientSecret}`;
    },
  };
}

const onWire = (properties: unknown): unknown => JSON.parse(JSON.stringify(properties ?? {}));

function compared(run: readonly [string, Said][], declared: readonly [string, Said][]): string[] {
  const found: string[] = [];
  const [ran, said] = [new Map(run), new Map(declared)];
  if (ran.size < run.length) found.push("the program registers a URN twice");
  if (said.size < declared.length) found.push("the declaration has a URN twice");
  for (const urn of new Set([...ran.keys(), ...said.keys()])) {
    const [one, other] = [ran.get(urn), said.get(urn)];
    if (other === undefined) found.push(`only the program has ${urn}`);
    else if (one === undefined) found.push(`only the declaration has ${urn}`);
    else found.push(...different(one, other).map((path) => `${urn}: ${path}`));
  }
  return found;
}

/** Paths at which two values are not equal. */
function different(one: unknown, other: unknown): string[] {
  if (isDeepStrictEqual(one, other)) return [];
  if (!isRecord(one) || !isRecord(other))
    return [` is ${JSON.stringify(one)}, declared ${JSON.stringify(other)}`];
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].flatMap((key) =>
    different(one[key], other[key]).map((path) => `${key}${path.startsWith(" ") ? "" : "."}${path}`),
  );
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
