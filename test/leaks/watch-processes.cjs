// Writes down every process whose environment has a mark, as /proc shows it: its arguments, which every user of the
// machine can read, and its environment. Looks a few hundred times a second, by itself, so that the run does not slow it
// down. `node watch-processes.cjs <mark>`; one JSON object a line on standard output; ends when its input does.
const { readdirSync, readFileSync } = require("node:fs");

const mark = process.argv[2];
const INTERVAL_MS = 4;
/** A process is started with its parent's arguments and environment; by then it has its own. */
const SETTLED_MS = 2000;
/** By pid: its arguments when it was last looked at, whether it has the mark, and since when it is known. */
const known = new Map();

function look() {
  let pids;
  try {
    pids = readdirSync("/proc").filter((name) => name[0] >= "1" && name[0] <= "9");
  } catch {
    return;
  }
  const alive = new Set(pids);
  for (const pid of known.keys()) if (!alive.has(pid)) known.delete(pid);
  const now = Date.now();
  for (const pid of pids) {
    const before = known.get(pid);
    if (before !== undefined && !before.ours && now - before.since > SETTLED_MS) continue;
    try {
      const argv = readFileSync(`/proc/${pid}/cmdline`, "latin1");
      if (argv === "" || argv === before?.argv) continue;
      const environment = readFileSync(`/proc/${pid}/environ`, "latin1");
      const ours = environment.includes(mark);
      known.set(pid, { argv, ours, since: before?.since ?? now });
      if (!ours) continue;
      const entry = { pid: Number(pid), argv: argv.split("\0"), env: environment.split("\0") };
      process.stdout.write(`${JSON.stringify(entry)}\n`);
    } catch {
      // Gone, or another user's.
    }
  }
}

process.stdin.on("end", () => process.exit()).resume();
setInterval(look, INTERVAL_MS);
process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
