/** Ends this process when the one that started it is no more: a plugin whose engine was killed would wait for ever. */
export function endWithParent(): void {
  const parent = process.ppid;
  setInterval(() => process.ppid === parent || process.exit(0), 2000).unref();
}
