import type { CommandDef } from "citty";

type Load = () => Promise<CommandDef<never>>;

/** Every command, by name. Each loads its own code: most of the start-up would otherwise be spent on the others'. */
export const commands: Readonly<Record<string, Load>> = {
  demo: () => import("./demo.js").then((module) => module.demo as CommandDef<never>),
  sandbox: () => import("./sandbox.js").then((module) => module.sandbox as CommandDef<never>),
  up: () => import("./stack.js").then((module) => module.up as CommandDef<never>),
  preview: () => import("./stack.js").then((module) => module.preview as CommandDef<never>),
  destroy: () => import("./stack.js").then((module) => module.destroy as CommandDef<never>),
  env: () => import("./env-command.js").then((module) => module.env as CommandDef<never>),
  verify: () => import("./verify.js").then((module) => module.verifyCommand as CommandDef<never>),
  explain: () => import("./explain.js").then((module) => module.explainCommand as CommandDef<never>),
  guardrails: () => import("./guardrails.js").then((module) => module.guardrailsCommand as CommandDef<never>),
  "access-diff": () =>
    import("./access-diff.js").then((module) => module.accessDiffCommand as CommandDef<never>),
  audit: () => import("./audit.js").then((module) => module.auditCommand as CommandDef<never>),
  doctor: () => import("./doctor.js").then((module) => module.doctorCommand as CommandDef<never>),
  adopt: () => import("./adopt.js").then((module) => module.adoptCommand as CommandDef<never>),
  rotate: () => import("./rotate.js").then((module) => module.rotateCommand as CommandDef<never>),
  drift: () => import("./drift.js").then((module) => module.driftCommand as CommandDef<never>),
  orphans: () => import("./orphans.js").then((module) => module.orphansCommand as CommandDef<never>),
  recover: () => import("./recover.js").then((module) => module.recoverCommand as CommandDef<never>),
};

/** The commands that hand what stands behind `--` to the engine. */
export const PASS_ON: ReadonlySet<string> = new Set(["up", "preview", "destroy"]);
