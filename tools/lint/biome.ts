// The formatter and linter with the arguments it is given, for `npm run lint` and `npm run format`. Nobody who only runs
// the stack needs its 64 MB, so it is no package of the project: npm fetches it, by the lock file in biome/, once.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { UserError } from "../../packages/base/errors";
import { keptPackages } from "../../packages/base/process/kept";

async function main(): Promise<number> {
  const folder = await keptPackages("biome", join(__dirname, "biome"));
  const biome = join(folder, "node_modules", ".bin", "biome");
  const { status } = spawnSync(biome, process.argv.slice(2), { stdio: "inherit" });
  return status ?? 1;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    console.error(`\nerror: ${error.message}`);
    process.exitCode = 1;
  },
);
