/** What stands in the way of a run, where it might have been one of the stack's own that left it behind. */
export interface LeftFindings {
  "application-unknown": { hostname: string; name: string; id: string };
  "record-unknown": { hostname: string; id: string; content: string };
  "tunnel-unknown": { name: string; id: string };
}
