import { afterAll, beforeAll, expect, test } from "vitest";
import { type StandIn, startGitHub } from "../github/github-stand-in";
import { findingLines, lookedLines, searchPlaces } from "../leaks/findings";
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

test("no secret of a run is in anything that it wrote, printed or started", async () => {
  const played = await Promise.all([
    playAll(realScenes(rig, github), FULL),
    playAll(playedScenes(rig), FULL),
  ]);
  await rig.run.watch.stop();
  const { findings, looked, used } = searchPlaces(rig.run.places(), rig.values.all(), ALLOWED);
  const { started, alsoSeen, onlySeen } = rig.run.watch.count();
  console.log(
    [
      `${played.flat().length} scenes, ${rig.run.commandCount} commands, ${rig.run.fileCount} files:`,
      ...lookedLines(looked),
      `${started + onlySeen} processes: ${started} written down by who started them (${alsoSeen} of these also seen in /proc), ${onlySeen} seen in /proc alone`,
      ...ALLOWED.filter((each) => !used.has(each)).map(({ because }) => `not met: ${because}`),
    ].join("\n"),
  );
  expect(findingLines(findings)).toEqual([]);
  // A search that looked at nothing finds nothing.
  for (const count of [looked.secrets, looked.bytes, rig.run.fileCount, started, onlySeen]) {
    expect(count).toBeGreaterThan(0);
  }
});
