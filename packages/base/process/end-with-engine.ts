// An engine that was killed leaves its program behind with nobody to read what it prints. Each failed write is then an
// uncaught error, which the Pulumi SDK reports by another write: it would go on for ever, on a whole core and with more
// memory each second. Import it before anything that may print.
for (const stream of [process.stdout, process.stderr]) {
  // Not only EPIPE: whatever keeps the engine from being told, a program that it cannot hear is of no use to it.
  stream.on("error", () => process.exit(1));
}
