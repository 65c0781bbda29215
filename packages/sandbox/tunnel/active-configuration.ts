import type { JSONWebKeySet } from "jose";
import type { Store } from "../account/store";
import { findMatchingRule, parseIngress, type Rule } from "./ingress";
import { createJwtValidator, type JwtValidator } from "./jwt-validator";

/** A rule with the check of assertions that it asks for. */
export type PreparedRule = Rule & { validator: JwtValidator | undefined };

interface Sources {
  tunnelId: string;
  store: Store;
  /** The public keys of a team. */
  keys: (teamName: string) => Promise<JSONWebKeySet>;
  note: (line: string) => void;
}

/**
 * The configuration that a connector uses. It is replaced when the store has one of a greater version, unless
 * that is invalid: then the old one stays and the log says why (cloudflared, orchestration/orchestrator.go).
 */
export class ActiveConfiguration {
  #version = -1;
  #refusedVersion = -1;
  #rules: PreparedRule[];

  constructor(private readonly sources: Sources) {
    this.#rules = this.#prepared(parseIngress({}));
  }

  /** Version in use; -1 before the first one. */
  get version(): number {
    this.#update();
    return this.#version;
  }

  /** The rule for a request, with its index. */
  match(host: string, path: string): { rule: PreparedRule; index: number } {
    this.#update();
    const index = findMatchingRule(this.#rules, host, path);
    return { rule: this.#rules[index] as PreparedRule, index };
  }

  #update(): void {
    const { store, tunnelId, note } = this.sources;
    const current = store.tunnelConfigurations.get(tunnelId);
    if (current === undefined || current.version <= Math.max(this.#version, this.#refusedVersion)) return;
    try {
      this.#rules = this.#prepared(parseIngress(current.config));
      this.#version = current.version;
      note(`Updated to new configuration, version ${current.version}`);
    } catch (error) {
      this.#refusedVersion = current.version;
      const reason = error instanceof Error ? error.message : String(error);
      note(`Failed to update to configuration version ${current.version}: ${reason}`);
    }
  }

  #prepared(rules: readonly Rule[]): PreparedRule[] {
    const { store, keys } = this.sources;
    return rules.map((rule) => ({
      ...rule,
      validator: rule.access && createJwtValidator(rule.access, keys, () => store.now()),
    }));
  }
}
