import { standInName } from "../../../config/stand-in";
import { UserError } from "../../base/errors";
import type { ConfigFile } from "../stack/config-file";
import type { OpenStack } from "../stack/open-stack";
import { isDue } from "./due";
import { ConfigEdit, timeOf, tokenEntry } from "./edit-config";
import { type Facts, UNKNOWN_SECRET, type Wish } from "./facts";
import { foreignChanges, isCreatedByRotation } from "./foreign-changes";
import { handOut, type Sinks } from "./hand-out";
import { isUnderWay, nextStep, type Step } from "./next-step";
import { probeAll, worst } from "./probe";
import { readTokens, type StateToken, type TokensState } from "./read-tokens";
import { StackEngine } from "./stack-engine";
import { intention, readable } from "./words";

/** What a rotation is to do, and how. */
export interface RotateOptions {
  /** Name of the service token. */
  token: string;
  wish: Omit<Wish, "due">;
  /** When it is due; without any of them: now. */
  dueWhen: { olderThanMs?: number; expiringWithinMs?: number };
  sinks: Sinks;
  /** Whether to try the secrets at the edge. */
  probe: boolean;
  /** How long a new secret may take to be known at the edge, in milliseconds. */
  patienceMs: number;
  /** Asked once, before the first change; false: nothing is changed. */
  confirm(question: string): Promise<boolean>;
  /** Called as each thing is done. */
  onStep(line: StepLine): void;
  /** Stops after the step that is under way. */
  signal?: AbortSignal;
}

/** One thing that was done; no secret. */
export interface StepLine {
  did: "version" | "note" | "up" | "stand-in" | "probe" | "sink" | "end" | "extend" | "unlock";
  detail: string;
  warning?: true;
}

type Ending = Extract<Step, { do: "nothing" | "wait" | "stop" }>;

/** How a run ended. */
export type RotateEnd =
  | { how: "step"; step: Ending; underWay: boolean; facts: Facts }
  | { how: "declined" | "interrupted" }
  | { how: "sink failed"; failed: string[] };

/** More steps than the longest way takes; beyond it something undoes what is done here. */
const MOST_STEPS = 40;

/** Only one try for a secret that is in use already. */
const LOOK_MS = 3_000;

/** Takes one step after the other, each decided by what is found then. */
export class Rotation {
  private readonly engine: StackEngine;
  private readonly project: string;
  private state: TokensState | undefined;
  private progress: Omit<Facts, "config" | "state" | "standIn"> = {
    converged: false,
    probed: {},
    extended: false,
    worked: false,
    rotated: false,
  };
  /** The config for which a preview has shown nothing but the rotation. */
  private judged: string | undefined;
  private confirmed = false;

  constructor(
    private readonly open: OpenStack,
    private readonly file: ConfigFile,
    private readonly options: RotateOptions,
  ) {
    this.project = open.settings.project;
    this.engine = new StackEngine(open.engine("up"), open.stack, file.path, (detail) =>
      options.onStep({ did: "unlock", detail }),
    );
  }

  /**
   * Rotates, or goes on with what another run began.
   * @throws {UserError | ApiError} when a step fails; the next run goes on from there.
   */
  async run(): Promise<RotateEnd> {
    for (let count = 0; count < MOST_STEPS; count++) {
      if (this.options.signal?.aborted) return { how: "interrupted" };
      const { facts, step } = await this.look();
      if (step.do === "nothing" || step.do === "wait" || step.do === "stop") {
        await this.forgetBrokenCreations();
        return { how: "step", step, underWay: isUnderWay(facts), facts };
      }
      if (step.do !== "probe" && !this.confirmed) {
        this.confirmed = await this.options.confirm(intention(step, this.options.token));
        if (!this.confirmed) return { how: "declined" };
      }
      const failed = await this.take(step, facts);
      if (failed.length > 0) return { how: "sink failed", failed };
    }
    throw new UserError(
      `the rotation of ${this.options.token} does not come to its end`,
      "See whether something else changes the stack, its config or the sinks at the same time.",
    );
  }

  /** What is known, and what would be done next. */
  async look(): Promise<{ facts: Facts; step: Step; now: Date }> {
    const { token, wish, dueWhen } = this.options;
    const text = await this.file.read();
    const entry = tokenEntry(text, this.project, token);
    const state = await this.tokens();
    const own = state.tokens.get(token);
    const standIn = new ConfigEdit(text, this.project).plain(standInName(token))?.standIn;
    const facts: Facts = {
      ...this.progress,
      config: entry,
      state: own,
      standIn: { config: standIn, state: state.tokens.get(standInName(token)) },
    };
    const now = new Date();
    const due = isDue(
      { ...entry, createdAt: own?.createdAt, expiresAt: own?.expiresAt },
      { now, ...dueWhen },
    );
    return { facts, step: nextStep(facts, { ...wish, due }, now), now };
  }

  /** Tries a secret of the state at the edge, for the record. */
  async probe(whose: "token" | "stand-in", patienceMs: number): Promise<void> {
    const held = await this.held(whose);
    const urls = this.urls();
    if (!this.options.probe || urls.length === 0 || held.clientSecret === undefined) {
      const detail = this.options.probe
        ? "not tried: no application takes the token"
        : "not tried (--no-probe)";
      if (held.clientSecret !== undefined) this.say({ did: "probe", detail });
      this.progress.probed = { ...this.progress.probed, [held.fingerprint]: "skipped" };
      return;
    }
    const credentials = { clientId: held.clientId, clientSecret: held.clientSecret };
    const results = await probeAll(urls, credentials, this.open.network, patienceMs);
    const what = whose === "token" ? `version ${held.version}` : "stand-in";
    for (const { url, verdict, detail } of results) {
      this.say({ did: "probe", detail: `${what} ${verdict} at ${url}: ${detail}` });
    }
    this.progress.probed = { ...this.progress.probed, [held.fingerprint]: worst(results) };
  }

  /** @returns the sinks that failed. */
  private async take(step: Exclude<Step, Ending>, facts: Facts): Promise<string[]> {
    const { token } = this.options;
    switch (step.do) {
      case "raise":
        await this.change((edit) =>
          edit
            .setVersion(token, step.version, step.previousExpiresAt)
            .setNote(token, { version: step.version, replaces: step.replaces }),
        );
        this.progress.rotated = true;
        this.say({ did: "version", detail: `${step.version}; ${before(step)}` });
        break;
      case "note":
        await this.change((edit) =>
          edit
            .setEnd(token, step.previousExpiresAt)
            .setNote(token, { version: facts.config.version, replaces: step.replaces }),
        );
        this.say({
          did: "version",
          detail: `${facts.config.version}, which was raised before; ${before(step)}`,
        });
        break;
      case "up":
        await this.up();
        break;
      case "stand-in":
        await this.standIn(step);
        break;
      case "probe":
        // The one in use is known at the edge, unless it is not to pass.
        await this.probe(step.whose, isUnderWay(facts) ? this.options.patienceMs : LOOK_MS);
        return [];
      case "hand-out":
        return this.handOut(step);
      case "retire":
        await this.change((edit) =>
          edit.setStandIn(standInName(token), "", { for: token, until: timeOf(step.until) }),
        );
        this.say({ did: "stand-in", detail: `no longer handed out; accepted until ${readable(step.until)}` });
        break;
      case "end":
        await this.change((edit) => edit.setEnd(token, step.previousExpiresAt));
        this.say({ did: "end", detail: `the secret before ends at ${timeOf(step.previousExpiresAt)}` });
        break;
      case "extend":
        await this.extend(step.expiresAt);
        break;
      case "prove": {
        const text = await this.file.read();
        const note = { version: facts.config.version, proven: step.fingerprint, at: timeOf(step.at) };
        const changed = new ConfigEdit(text, this.project).setNote(token, note).toString();
        await this.file.replace(text, changed);
        this.progress = { ...this.progress, worked: true, rotated: true };
        this.say({
          did: "note",
          detail: `version ${facts.config.version} is in use, noted in ${this.file.path}`,
        });
        break;
      }
      case "remove-stand-in":
        await this.change((edit) => edit.remove(standInName(token)));
        this.say({ did: "stand-in", detail: "no longer declared" });
        break;
    }
    return [];
  }

  /** Changes the config, once a preview shows that nothing else would be changed by it. */
  private async change(edit: (config: ConfigEdit) => ConfigEdit): Promise<void> {
    const text = await this.file.read();
    const changed = edit(new ConfigEdit(text, this.project)).toString();
    await this.judge(changed);
    await this.file.replace(text, changed);
    this.progress = { ...this.progress, converged: false, worked: true };
  }

  private async up(): Promise<void> {
    const text = await this.file.read();
    if (this.judged !== text) await this.judge(text);
    const summary = await this.engine.up();
    this.state = undefined;
    this.progress = { ...this.progress, converged: true, inSinks: undefined };
    const counts = (["create", "update", "replace", "delete"] as const).flatMap((what) =>
      summary[what] === undefined ? [] : [`${summary[what]} ${what}d`],
    );
    const words = counts.join(", ");
    this.say({ did: "up", detail: words === "" ? "nothing to change" : words });
  }

  /** @throws {UserError} when an update would change something else too. */
  private async judge(text: string): Promise<void> {
    const { token } = this.options;
    const standIn = [text, await this.file.read()].some(
      (each) => new ConfigEdit(each, this.project).plain(standInName(token)) !== undefined,
    );
    const inState = (await this.tokens()).tokens.get(standInName(token));
    const expected = standIn || inState !== undefined ? { id: inState?.id } : undefined;
    const foreign = foreignChanges(await this.engine.preview(text), token, expected);
    if (foreign.length > 0) {
      throw new UserError(
        `stack ${this.open.stack} has changes that are not the rotation's, which would be deployed with it:\n    ${foreign.join("\n    ")}`,
        "Deploy them first (`pulumi up`), or take them back; then run this again.",
      );
    }
    this.judged = text;
  }

  private async standIn({ previousExpiresAt, why }: Extract<Step, { do: "stand-in" }>): Promise<void> {
    const { token, wish } = this.options;
    const name = standInName(token);
    // Until the secret before has ended, as long again while it retires, and two days for somebody to look.
    const ms = previousExpiresAt.getTime() - Date.now() + wish.overlapMs;
    const duration = `${Math.ceil(ms / 3_600_000) + 48}h`;
    await this.change((edit) =>
      edit.setEnd(token, previousExpiresAt).setStandIn(name, duration, { for: token }),
    );
    const reason =
      why === "lost"
        ? "the answer with the newest secret was lost"
        : "whether the secret in the state is the newest is not known";
    this.say({ did: "stand-in", detail: `${name}, for ${duration}: ${reason}` });
  }

  private async handOut(step: Extract<Step, { do: "hand-out" }>): Promise<string[]> {
    const { token, sinks } = this.options;
    const { outputs } = await this.tokens();
    const { clientId, clientSecret, expiresAt } = await this.held(step.whose);
    if (outputs === undefined || clientSecret === undefined) {
      throw new UserError(`stack ${this.open.stack} has no outputs`, "Run `pulumi up`, and this again.");
    }
    const stack = { stack: this.open.stack, engine: this.open.engine("up"), settings: this.open.settings };
    const done = await handOut(sinks, stack, outputs, { name: token, clientId, clientSecret, expiresAt });
    this.progress.worked ||= done.some(({ result }) => result === "written");
    for (const { where, result, error, notices } of done) {
      if (error === undefined) this.say({ did: "sink", detail: `${where}: ${result}` });
      for (const notice of notices) this.say({ did: "sink", detail: notice, warning: true });
    }
    const failed = done.flatMap(({ where, error }) => (error === undefined ? [] : [`${where}: ${error}`]));
    if (failed.length === 0) this.progress.inSinks = step.fingerprint;
    return failed;
  }

  private async extend(expiresAt: string): Promise<void> {
    const { token } = this.options;
    const { id, urn } = await this.held("token");
    const account = this.open.account("up");
    const path = account.below(`access/service_tokens/${encodeURIComponent(id)}/refresh`);
    await account.write("post", path, { action: "extend", object: `service token ${token}` });
    await this.engine.refresh(urn);
    this.state = undefined;
    this.progress = { ...this.progress, extended: true, worked: true };
    const now = (await this.held("token")).expiresAt;
    const until = now === undefined ? "does not expire" : `expires ${readable(now)}`;
    this.say({ did: "extend", detail: `the token ${until}, before that ${readable(expiresAt)}` });
  }

  /** The engine warns of them on every run, until it is told that what became of them is known. */
  private async forgetBrokenCreations(): Promise<void> {
    const { pendingCreates, tokens } = await this.tokens();
    const { token } = this.options;
    const urn = tokens.get(token)?.urn;
    const { worked, converged } = this.progress;
    if (!(worked || converged) || urn === undefined || pendingCreates.length === 0) return;
    if (pendingCreates.every((pending) => isCreatedByRotation(pending, token)))
      await this.engine.refresh(urn);
  }

  private async tokens(): Promise<TokensState> {
    this.state ??= await readTokens(this.open.engine("up"), this.open.stack);
    return this.state;
  }

  private async held(whose: "token" | "stand-in"): Promise<StateToken> {
    const { token } = this.options;
    const found = (await this.tokens()).tokens.get(whose === "token" ? token : standInName(token));
    if (found === undefined)
      throw new UserError(`the state has no ${whose} ${token}`, "Run `pulumi up` first.");
    return found;
  }

  /** Where the token is taken. */
  private urls(): string[] {
    const { applications } = this.open.settings.config;
    const taking = applications.filter(({ serviceTokens }) => serviceTokens.includes(this.options.token));
    return taking.map(({ hostname }) => `https://${hostname}`);
  }

  private say(line: StepLine): void {
    this.options.onStep(line);
  }
}

function before({ previousExpiresAt, replaces }: { previousExpiresAt: Date; replaces: string }): string {
  const whose = replaces === UNKNOWN_SECRET ? ", which the stack does not know," : "";
  return `the secret before${whose} is accepted until ${readable(previousExpiresAt)}`;
}
