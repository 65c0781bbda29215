// Node's diagnostic reports (--report-on-fatalerror, --report-uncaught-exception, --report-on-signal) repeat the whole
// environment in a file that everybody may read, and people send them along with a bug: with the API token, the
// passphrase and, in the program, the stack's config as the engine decrypted it. Import it first.
// https://nodejs.org/api/process.html#processreportexcludeenv
if (process.report) process.report.excludeEnv = true;
