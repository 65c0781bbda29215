// Known from the start: later it may be gone already, and another have taken its place.
const parent = process.ppid;

/** Ends this process when the one that started it is no more: a plugin whose engine was killed would wait for ever. */
export function endWithParent(): void {
  setInterval(() => process.ppid === parent || process.exit(0), 2000).unref();
}
