import { sandboxPassphrase, workspaceDir } from "./workspace";

/** Which stack a command is about, and whether it is the sandbox's. */
export interface Place {
  stack: string;
  sandboxed: boolean;
}

/** The stack of every script that is not told another. */
const DEFAULT_STACK = "dev";

/** Commands that the sandbox has no script for; they reach its stacks with its own backend and passphrase. */
const ENGINE_ONLY = /(?<![\w./=-])pulumi (?=cancel\b|config set\b|config rm\b|stack ls\b|stack history\b)/g;

/** Commands about one stack: as a script of their own, or through `cli`; with what is given to them on their line. */
const SCRIPT =
  /\bnpm run (cli -- (?:env|verify|explain|doctor|rotate|drift|adopt|orphans|recover|access-diff)|env|verify|explain|doctor|rotate|drift)\b( --(?= ))?([^`;\n]*)/g;

/**
 * What to do, with the commands that work where the user is: in the sandbox its scripts, for which `pulumi up` would
 * mean the user's own login; and with the stack's name, where one is needed.
 */
export function commandsHere(text: string, { stack, sandboxed }: Place): string {
  const named = (script: string, more = "") => {
    const words = [stack === DEFAULT_STACK ? "" : ` --stack ${stack}`, more && ` -- ${more}`].join("");
    return `npm run ${script}${words && ` --${words}`}`;
  };
  const whose = text.replace(/\bpulumi config (set|rm) (?!--stack)/g, `pulumi config $1 --stack ${stack} `);
  const scripts = whose
    .replace(/`comfyui-access (env|verify|explain|doctor|rotate|drift)`/g, "`npm run $1`")
    .replace(SCRIPT, (whole, script: string, _, rest: string) => {
      const where = [
        stack === DEFAULT_STACK || rest.includes("--stack") ? "" : ` --stack ${stack}`,
        // Only the default stack is the sandbox's without a word.
        stack === DEFAULT_STACK || !sandboxed || rest.includes("--sandbox") ? "" : " --sandbox",
      ].join("");
      if (where === "") return whole;
      return `npm run ${script}${script.startsWith("cli ") ? "" : " --"}${where}${rest}`;
    });
  // What is given besides the stack goes along.
  const changing = /`pulumi (up|preview|destroy|refresh)((?: [^`]*)?)`/g;
  const others = (args: string) => args.replace(/ --stack [\w./-]+/, "");
  if (!sandboxed) {
    return scripts.replace(changing, (_, verb, args) => `\`pulumi ${verb} --stack ${stack}${others(args)}\``);
  }
  const backend = `file://${workspaceDir()}/state`;
  const quoted = /^[\w./:-]+$/.test(backend) ? backend : `'${backend.replaceAll("'", "'\\''")}'`;
  const engine = `PULUMI_BACKEND_URL=${quoted} PULUMI_CONFIG_PASSPHRASE=${sandboxPassphrase} pulumi `;
  return scripts
    .replace(changing, (_, verb, args) => {
      const more = `${verb === "refresh" ? " --refresh" : ""}${others(args)}`.trim();
      return `\`${named(`sandbox:${verb === "refresh" ? "up" : verb}`, more)}\``;
    })
    .replace(ENGINE_ONLY, () => engine);
}

/** The same for every text of a report. */
export function allCommandsHere<T>(value: T, place: Place): T {
  if (typeof value === "string") return commandsHere(value, place) as T;
  if (Array.isArray(value)) return value.map((each) => allCommandsHere(each, place)) as T;
  if (value === null || typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, allCommandsHere(each, place)]),
  ) as T;
}
