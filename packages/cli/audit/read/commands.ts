import { languageNamed } from "../languages";
import { shellOf } from "../libraries";
import { type Part, partAt } from "./part";

/** What stands before a command in a Dockerfile, a Makefile or a text. */
const BEFORE =
  /^\s*(?:(?:ONBUILD\s+)?(?:RUN|CMD|ENTRYPOINT|HEALTHCHECK\b.*?\bCMD)\s+|[$>#%]\s+|[@+-]+|\w+:\s+(?=\w+\s))?/;

/** The commands that make requests in a file that is mostly something else. */
export function readCommands(code: string): Part[] {
  const parts: Part[] = [];
  const lines = code.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const begin = at;
    while (/\\\s*$/.test(lines[at] ?? "") && at + 1 < lines.length) at++;
    const command = lines.slice(begin, at + 1).join("\n");
    const own = wordsOf(command.replace(BEFORE, ""));
    const language = languageNamed(shellOf(own) ?? "");
    if (language) parts.push(partAt(language, own, begin));
  }
  return parts;
}

/** `["curl", "-f", "http://…"]` is how a Dockerfile lists a command's words. */
function wordsOf(command: string): string {
  return /^\[.*\]\s*$/s.test(command)
    ? command.replace(/^\[|\]\s*$/g, "").replaceAll(/"\s*,\s*"/g, '" "')
    : command;
}

/** The scripts of a page. */
export function scriptsOf(code: string, language: (name: string) => Part["language"]): Part[] {
  const parts: Part[] = [];
  for (const found of code.matchAll(/<script\b([^>]*)>(.*?)<\/script>/gis)) {
    const [whole, attributes = "", script = ""] = found;
    if (/\btype=["']?(?!module|text\/javascript|application\/javascript)/i.test(attributes)) continue;
    const offset = code.slice(0, found.index + whole.indexOf(">") + 1).split("\n").length - 1;
    parts.push(
      partAt(language(/\blang=["']?ts/i.test(attributes) ? "typescript" : "javascript"), script, offset),
    );
  }
  return parts;
}
