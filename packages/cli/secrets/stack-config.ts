import { z } from "zod";
import { UserError } from "../../base/errors";
import { configFileArgs, type EngineAccess, parseAnswer, runEngine } from "./engine-cli";
import {
  overallStatus,
  type SecretSink,
  type SecretValues,
  type SinkCheck,
  type SinkStatus,
  type SinkWrite,
} from "./sink";
import { writeKeys } from "./write-keys";

/** `pulumi config --json`: secret values are left out. */
const listing = z.record(z.string(), z.object({ secret: z.boolean().optional() }));

/** `pulumi config get --json`. */
const single = z.object({ value: z.string() });

export interface StackConfigOptions {
  engine: EngineAccess;
  /** The stack whose config is written. */
  stack: string;
}

/** Keeps secrets as encrypted values of a stack's config; the keys are full config keys (`namespace:name`). */
export class StackConfigSink implements SecretSink {
  readonly name = "config";

  constructor(private readonly options: StackConfigOptions) {}

  describe(): string {
    return this.options.engine.configFile ?? `config of stack ${this.options.stack}`;
  }

  async check(values: SecretValues): Promise<SinkCheck> {
    const keys: Record<string, SinkStatus> = {};
    const notices: string[] = [];
    const present = await this.list();
    for (const [key, value] of Object.entries(values)) {
      const entry = present[key];
      if (entry === undefined) {
        keys[key] = "missing";
      } else if (entry.secret !== true) {
        keys[key] = "stale";
        notices.push(`${key} stands unencrypted in the ${this.describe()}`);
      } else {
        keys[key] = (await this.get(key)) === value ? "current" : "stale";
      }
    }
    return { status: overallStatus(keys), keys, notices };
  }

  async write(values: SecretValues): Promise<SinkWrite> {
    const done = await writeKeys(this, values, (key, value) => this.set(key, value));
    if (done.written) await this.refuseMisread(values);
    return done;
  }

  private async list(): Promise<z.infer<typeof listing>> {
    const purpose = `list the config of stack ${this.options.stack}`;
    return parseAnswer(listing, await this.run(purpose, ["config", "--json"]), purpose);
  }

  private async get(key: string): Promise<string> {
    const purpose = `read ${key} from the config of stack ${this.options.stack}`;
    return parseAnswer(single, await this.run(purpose, ["config", "get", key, "--json"]), purpose).value;
  }

  private async set(key: string, value: string): Promise<void> {
    const purpose = `set ${key} in the config of stack ${this.options.stack}`;
    await this.run(purpose, ["config", "set", "--secret", key], value);
  }

  private async refuseMisread(values: SecretValues): Promise<void> {
    const after = await this.check(values);
    if (after.status === "current") return;
    const lost = Object.keys(values).filter((key) => after.keys[key] !== "current");
    throw new UserError(
      `Pulumi reads ${lost.join(", ")} back differently from what was set`,
      "See that no other program writes the stack's config file, and run the command again.",
    );
  }

  private run(purpose: string, args: string[], input?: string): Promise<string> {
    const { engine, stack } = this.options;
    return runEngine(engine, {
      purpose,
      args: [...args, "--stack", stack, ...configFileArgs(engine)],
      input,
    });
  }
}
