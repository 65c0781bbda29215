// The Pulumi SDK records a stack trace for each of its promises, and mapping the frames back to TypeScript takes more
// time than all else that the program does: 1.7 of 2.9 s with 50 applications. One frame still says where an error was
// thrown; the SDK's own are printed with PULUMI_DEBUG_PROMISE_LEAKS alone, and without it not looked up. Import this
// before anything that declares a resource.
if (!process.env["PULUMI_DEBUG_PROMISE_LEAKS"]) {
  Error.stackTraceLimit = 1;
  const { prepareStackTrace } = Error;
  if (prepareStackTrace !== undefined)
    Error.prepareStackTrace = (error, frames) =>
      frames[0]?.getFunctionName() === "debuggablePromise" ? "" : prepareStackTrace(error, frames);
}
