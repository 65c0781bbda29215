// Node's diagnostic reports (--report-on-fatalerror and the like) repeat the whole environment, in a file that everybody
// may read and that people send along with a bug: with the API token, the passphrase and, in the program, the stack's
// config as the engine decrypted it. `--report-exclude-env` does not hold for worker threads. So there are none here.
// Import it first. https://nodejs.org/api/report.html
const { report } = process;

if (report?.reportOnFatalError || report?.reportOnSignal || report?.reportOnUncaughtException) {
  report.reportOnFatalError = report.reportOnSignal = report.reportOnUncaughtException = false;
  process.stderr.write("Node's reports are off here: they would repeat the secrets of the environment.\n");
}
