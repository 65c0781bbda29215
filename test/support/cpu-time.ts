/**
 * A clock that runs only while this process computes, in milliseconds: what a limit on effort is measured with, since
 * the wall clock also counts what else the machine does.
 */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
