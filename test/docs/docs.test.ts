import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { CONFIG_KEYS } from "../../config/stack-config";
import { problemsOf as problemsIn } from "../support/config-problems";
import { commandsIn, faultOf } from "./commands";
import { fencesOf, inlineCommands, pages, prose, root, textOf } from "./markdown";

const fences = pages().flatMap((page) => fencesOf(page));
const inLanguage = (...languages: string[]) =>
  fences
    .filter(({ language }) => languages.includes(language))
    .map((fence) => [`${fence.page}:${fence.line}`, fence] as const);

describe("commands", () => {
  test.each(inLanguage("sh"))("%s is shell that exists here", async (_, { text }) => {
    execFileSync("bash", ["-n"], { input: text });
    const commands = commandsIn(text);
    expect(commands).not.toEqual([]);
    for (const words of commands) expect(await faultOf(words), words.join(" ")).toBeUndefined();
  });

  test.each(pages())("%s names only commands that exist in its running text", async (page) => {
    for (const words of inlineCommands(page).flatMap(commandsIn)) {
      expect(await faultOf(words), words.join(" ")).toBeUndefined();
    }
  });

  test.each([
    ["npm run nothing", /no script nothing/],
    ["npm run env -- --stak prod", /no option --stak/],
    ["npm run env -- --stack", /--stack has no value/],
    ["npm run verify -- now", /takes no now/],
    ["pulumi config set acountId x", /no acountId/],
    ["pulumi config set --path google.clientID x", /clientID: unknown key/],
    ["pulumi config set --path 'serviceTokens[0].version' x", /version/],
    ["pulumi config set zone", /no value/],
    ["python3 packages/client/python/comfyui_api_client.py --chek", /--chek/],
    ["frobnicate", /frobnicate/],
  ])("a mistake is found: %s", async (line, expected) => {
    const [words = []] = commandsIn(line);
    expect(await faultOf(words)).toMatch(expected);
  });
});

test("what troubleshooting quotes of a preview is what the code says", () => {
  const [, section = ""] = /## Preview refuses\n(.*?)\n## /s.exec(textOf("docs/troubleshooting.md")) ?? [];
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  const quotes = rows.flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)]);
  const fragments = quotes.flatMap(([, quote = ""]) =>
    quote.split(/…|: |\(HTTP 403 |\)/).map((part) => part.trim()),
  );
  const code = [
    "config/stack-config.ts",
    "packages/cloudflare/preflight-words.ts",
    "packages/access/tests/judge.ts",
  ]
    .map(textOf)
    .join("\n");
  expect(fragments.length).toBeGreaterThan(12);
  expect(fragments.filter((fragment) => !code.includes(fragment))).toEqual([]);
});

test("the files and folders that a contributor is sent to are there", () => {
  const guides = pages().filter((page) => page === "CONTRIBUTING.md" || page.endsWith("/README.md"));
  const places = guides.flatMap((page) =>
    [...prose(page).matchAll(/`(?:npx vitest run )?([^`]+)`/g)]
      .flatMap(([, code = ""]) => code.split(" "))
      .filter((word) =>
        /^(config|components|policies|packages|test|tools|bench|docs|\.github|\.ci)\//.test(word),
      )
      .map((place) => ({ page, place })),
  );
  expect(places.length).toBeGreaterThan(60);
  expect(places.filter(({ place }) => !existsSync(join(root, place)))).toEqual([]);
});

test("the table of settings has every key of the stack config", () => {
  const named = [...textOf("docs/access-setup.md").matchAll(/^\| (`.*?) +\|/gm)]
    .map(([, cell = ""]) => cell)
    .join();
  expect(CONFIG_KEYS.filter((key) => !new RegExp(`\`${key}(\`|\\[)`).test(named))).toEqual([]);
});

test("the workflows, and what they need to be set, are all named", () => {
  const folder = join(root, ".github/workflows");
  const workflows = readdirSync(folder);
  const text = workflows.map((name) => readFileSync(join(folder, name), "utf8")).join("\n");
  const settings = [...text.matchAll(/\b(?:vars|secrets)\.([A-Z_]+)/g)].map(([, name = ""]) => name);
  const environments = [...text.matchAll(/environment:(?:\s+name:)? (\w+)/g)].map(([, name = ""]) => name);
  const labels = [...text.matchAll(/labels\.\*\.name, '([^']+)'/g)].map(([, name = ""]) => name);
  expect(settings).not.toEqual([]);
  expect(labels).not.toEqual([]);
  const page = textOf("docs/access-setup.md");
  const needed = [...workflows, ...settings, ...environments, ...labels];
  expect(needed.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

test("the settings of the sandbox that are named are there", () => {
  const [, table = ""] = /## What is a setting(.*?)\n## /s.exec(textOf("docs/sandbox-limits.md")) ?? [];
  const names = table
    .split("\n")
    .flatMap((row) => [...(row.split("|")[2] ?? "").matchAll(/`(\w+)`/g)].map(([, name = ""]) => name));
  const code = ["packages/sandbox/account/entities.ts", "packages/sandbox/edge/settings.ts"]
    .map(textOf)
    .join("\n");
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !code.includes(`${name}: `))).toEqual([]);
});

describe("samples", () => {
  test("every fence has a language that is checked, or is plain text", () => {
    const languages = new Set(fences.map(({ language }) => language));
    // test/rooms.test.ts holds the picture in mermaid against the table below it.
    const known = ["mermaid", "sh", "ts", "js", "python", "yaml", "json", "text", "markdown"];
    // README's drawing has none.
    expect([...languages].filter((language) => language !== "" && !known.includes(language))).toEqual([]);
  });

  test.each(inLanguage("yaml"))("%s is YAML, and stack config that the program knows", (_, { text }) => {
    for (const document of parseAllDocuments(text)) expect(document.errors).toEqual([]);
    const whole = parse(text) as { config?: Record<string, unknown> } & Record<string, unknown>;
    const settings = Object.entries(whole.config ?? whole).filter(([key]) =>
      key.startsWith("comfyui-access:"),
    );
    const raw = Object.fromEntries(
      settings.map(([key, value]) => [key.replace("comfyui-access:", ""), value]),
    );
    // A sample shows some keys; what it shows has to be right.
    for (const { path, found } of problemsOf(raw)) {
      const [key = ""] = path.split(/[.[]/);
      if (key in raw || !(CONFIG_KEYS as string[]).includes(key)) expect(`${path}: ${found}`).toBe("");
    }
  });

  test.each(inLanguage("json"))("%s is JSON", (_, { text }) => {
    expect(() => JSON.parse(text)).not.toThrow();
  });

  test("Python compiles", () => {
    for (const [, { text }] of inLanguage("python")) {
      execFileSync("python3", ["-c", "import sys; compile(sys.stdin.read(), 'sample', 'exec')"], {
        input: text,
      });
    }
  });

  test("TypeScript passes the type check", () => {
    expect(typeErrors(inLanguage("ts").map(([name, { text }]) => ({ name, text })))).toEqual([]);
    expect(typeErrors([{ name: "wrong", text: "const n: number = 'x';" }])).toHaveLength(1);
  });
});

describe("links", () => {
  test.each(pages())("%s leads nowhere that does not exist", (page) => {
    const links = linksOf(page);
    for (const link of links) expect(linkFault(page, link), link).toBeUndefined();
  });

  test.each(["nothing.md", "design.md#no-such-heading", "http://example.org/", "https://no host/"])(
    "a broken one is found: %s",
    (link) => expect(linkFault("docs/security.md", link)).toBeDefined(),
  );

  test.each(pages())(
    "%s shows only pictures of its own, each with words for those who do not see it",
    (page) => {
      const text = prose(page);
      for (const [, alt = "", source = ""] of text.matchAll(/!\[([^\]]*)\]\(([^)\s]+)/g)) {
        expect(alt, source).not.toBe("");
        expect(source).not.toMatch(/^\w+:/);
      }
      for (const [tag] of text.matchAll(/<img[^>]*>/g)) {
        expect(tag).toMatch(/alt="[^"]+"/);
        expect(tag).not.toMatch(/src="\w+:/);
      }
    },
  );
});

test("drawings are complete by themselves, in light and dark, with words for those who do not see them", () => {
  const drawings = readdirSync(join(root, "docs/images")).filter((name) => name.endsWith(".svg"));
  expect(drawings).not.toEqual([]);
  for (const name of drawings) {
    const text = textOf(`docs/images/${name}`);
    expect(text).toMatch(/<title[^>]*>[^<]+<\/title>\s*<desc/);
    expect(text).toContain("prefers-color-scheme: dark");
    expect(text).not.toMatch(/<(script|image|foreignObject|use)\b|@import|url\((?!#)/);
  }
});

/** With the names that other keys refer to, where the sample leaves them out. */
const problemsOf = (raw: Record<string, unknown>) => problemsIn({ zone: "datacrew.space", ...raw });

/** Errors of TypeScript in samples, with the package's own name leading to its source. */
function typeErrors(samples: { name: string; text: string }[]): string[] {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ["node"],
    paths: { "comfyui-access-client": [join(root, "packages/client/typescript/index.ts")] },
  };
  // Names that a sample takes from its reader.
  const given = "declare const workflow: import('comfyui-access-client').Workflow;\n";
  const host = ts.createCompilerHost(options);
  const files = new Map(
    samples.map(({ text }, index) => [
      join(root, `sample-${index}.mts`),
      `${text.includes("workflow") && !/(const|let) workflow/.test(text) ? given : ""}${text}\nexport {};\n`,
    ]),
  );
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (file) => files.has(file) || fileExists(file);
  host.readFile = (file) => files.get(file) ?? readFile(file);
  host.getSourceFile = (file, language, ...rest) => {
    const text = files.get(file);
    return text === undefined
      ? getSourceFile(file, language, ...rest)
      : ts.createSourceFile(file, text, language);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files.keys()]
    .flatMap((file) => ts.getPreEmitDiagnostics(program, program.getSourceFile(file)))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

function linksOf(page: string): string[] {
  const text = prose(page).replace(/`[^`]*`/g, "");
  return [
    ...[...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link),
    ...[...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link = ""]) => link),
    ...[...text.matchAll(/<(https?:[^>]+)>/g)].map(([, link = ""]) => link),
  ];
}

/** What is wrong with a link; addresses of others are only checked for their form. */
function linkFault(page: string, link: string): string | undefined {
  if (/^[a-z]+:/.test(link)) {
    return URL.canParse(link) && new URL(link).protocol === "https:" ? undefined : "not an https address";
  }
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? page : normalize(join(dirname(page), path));
  if (!existsSync(join(root, target))) return `there is no ${target}`;
  if (anchor === undefined || anchorsOf(target).includes(anchor)) return undefined;
  return `${target} has no heading #${anchor}`;
}

/** Anchors of headings, as GitHub makes them. */
function anchorsOf(page: string): string[] {
  if (!page.endsWith(".md")) return [];
  return textOf(page)
    .split("\n")
    .filter((line) => /^#{1,6} /.test(line))
    .map((line) =>
      line
        .replace(/^#+ /, "")
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .replace(/\s/g, "-"),
    );
}
