import { writeFileSync } from "node:fs";
import { type Exports, listing, listingFile, runStack, type StackName } from "../support/stack-run";

/** Rewrites the committed listings, after a change of the program that was meant: `npm run expected:update`. */
async function main(): Promise<void> {
  for (const stack of ["dev", "prod"] satisfies StackName[]) {
    const program = require.resolve("../../index");
    delete require.cache[program];
    const run = await runStack(stack, "update", async () => require(program) as Exports);
    writeFileSync(listingFile(stack), `${JSON.stringify(listing(run), null, 1)}\n`);
  }
}

void main();
