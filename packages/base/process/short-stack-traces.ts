// The Pulumi SDK records a stack trace for each property of each resource, and mapping every frame of it back to
// TypeScript takes more time than all else that the program does: 1.7 of 2.9 s with 50 applications. One frame
// still says where an error was thrown. Import it before anything that declares a resource.
Error.stackTraceLimit = 1;
