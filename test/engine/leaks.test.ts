import { afterAll, beforeAll, expect, test } from "vitest";
import { type StandIn, startGitHub } from "../github/github-stand-in";
import { findingLines, lookedLines, searchPlaces } from "../leaks/findings";
import type { PlaceKind } from "../leaks/places";
import { ALLOWED } from "./leaks-allowed";
import { playedScenes } from "./leaks-played";
import { realScenes } from "./leaks-real";
import { LeaksRig } from "./leaks-rig";
import { playAll } from "./leaks-scene";

const FULL = process.env["FULL_TABLES"] === "1";

let rig: LeaksRig;
let github: StandIn;

beforeAll(async () => {
  [rig, github] = await Promise.all([LeaksRig.open(), startGitHub()]);
});

afterAll(async () => {
  await github?.close();
  await rig?.close();
});

test(
  "no secret of a run is in anything that it wrote, printed or started",
  async () => {
    const played = await Promise.all([
      playAll(realScenes(rig, github), FULL),
      playAll(playedScenes(rig), FULL),
    ]);
    await rig.run.watch.stop();
    const { findings, looked, used } = searchPlaces(rig.run.places(), rig.values.all(), ALLOWED);
    const { started, alsoSeen, onlySeen } = rig.run.watch.count();
    console.log(
      [
        `${played.flatMap(({ names }) => names).length} scenes, ${rig.run.commandCount} commands, ${rig.run.fileCount} files:`,
        ...lookedLines(looked),
        `${started + onlySeen} processes: ${started} written down by who started them (${alsoSeen} of these also seen in /proc), ${onlySeen} seen in /proc alone`,
        ...ALLOWED.filter((each) => !used.has(each)).map(({ because }) => `not met: ${because}`),
      ].join("\n"),
    );
    expect(findingLines(findings)).toEqual([]);
    expect(played.flatMap(({ failures }) => failures)).toEqual([]);
    if (FULL) expect(ALLOWED.filter((each) => !used.has(each))).toEqual([]);
    // A search that looked at nothing finds nothing.
    for (const count of [looked.secrets, looked.bytes, rig.run.fileCount, started, alsoSeen, onlySeen]) {
      expect(count).toBeGreaterThan(0);
    }
    const kinds: PlaceKind[] = ["standard output", "standard error", "file", "process arguments", "sandbox"];
    for (const kind of [...kinds, ...(FULL ? (["page text", "comment"] as const) : [])]) {
      expect(looked.places[kind], kind).toBeGreaterThan(0);
    }
  },
  FULL ? 1_800_000 : 300_000,
);

test("what a program gives away is found, in the engine's output and in a file", async () => {
  const told = 'const told = process.env["CLOUDFLARE_API_TOKEN"] ?? "";';
  const told64 =
    'require("node:fs").writeFileSync("told.txt", Buffer.from("is:" + told).toString("base64"));';
  rig.edit("index.ts", (text) =>
    text.replace("  const config = ", `  ${told} console.log(told); ${told64}\n  const config = `),
  );
  const earlier = new Set(rig.run.places());
  const { stdout, stderr } = await rig.pulumi(["preview"], { name: "planted" });
  const places = rig.run.places().filter((place) => !earlier.has(place));
  const lines = findingLines(searchPlaces(places, rig.values.all(), ALLOWED).findings).join("\n");
  expect(lines, stdout + stderr).toMatch(/^standard output planted, byte \d+: API token #\d+, in clear$/m);
  expect(lines).toMatch(/^file project\/told\.txt, byte \d+: API token #\d+, in Base64$/m);
});
