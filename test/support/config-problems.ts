import { ConfigError, type ParseContext, parseConfig } from "../../config/stack-config";
import type { Problem } from "../../packages/base/problems";

/** What a stack config needs at least, but for its applications, without a fault. */
export const REQUIRED = {
  accountId: "0123456789abcdef0123456789abcdef",
  zone: "datacrew.space",
  teamName: "datacrew",
  google: { identityProviderId: "00000000-0000-4000-8000-000000000000" },
  tunnel: { name: "comfyui-dev" },
} as const;

/** What is wrong with a stack config; empty when it is taken. */
export function problemsOf(
  raw: Readonly<Record<string, unknown>>,
  context?: ParseContext,
): readonly Problem[] {
  try {
    parseConfig(raw, context);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

/** Where it is wrong. */
export const faultyPaths = (raw: Readonly<Record<string, unknown>>): string[] =>
  problemsOf(raw).map(({ path }) => path);
