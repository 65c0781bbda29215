// Node's diagnostic reports (--report-on-fatalerror and the like) repeat the whole environment, in a file that everybody
// may read and that people send along with a bug: with the API token, the passphrase and, in the program, the stack's
// config as the engine decrypted it. Import it first. https://nodejs.org/api/report.html
const { report, execArgv, env } = process;
const options = [...execArgv, ...(env["NODE_OPTIONS"] ?? "").split(/\s+/)];

if (report && !options.includes("--report-exclude-env")) {
  const asked = report.reportOnFatalError || report.reportOnSignal || report.reportOnUncaughtException;
  // Only the option also holds for worker threads, of which tsx has one, and when memory has run out.
  report.reportOnFatalError = report.reportOnSignal = report.reportOnUncaughtException = false;
  report.excludeEnv = true;
  if (asked) {
    process.stderr.write(
      "Node's reports are off here: they would repeat secrets. Add --report-exclude-env.\n",
    );
  }
}
