import { type Document, parseDocument, type ToStringOptions } from "yaml";

/** A stack file as a document that can be changed, or the line from which on it is not YAML. */
export function stackDocument(text: string): { document: Document } | { line: number } {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) return { line: error.linePos?.[0]?.line ?? 1 };
  try {
    // Only then are aliases looked up: one that leads nowhere is an error too.
    document.toJS();
  } catch {
    return { line: 1 };
  }
  return { document };
}

/** How to write the file again, so that lists stand where they stood: the engine does not indent them, others do. */
export function layoutOf(text: string): ToStringOptions {
  return { lineWidth: 0, indentSeq: !/^( *)[^\s#-][^#\n]*:[ \t]*(?:#.*)?\n(?:\s*#.*\n)*\1- /m.test(text) };
}
