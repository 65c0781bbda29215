import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LeaksRig } from "./leaks-rig";
import { answers, type Scene } from "./leaks-scene";

/** What is done with the stack in the sandbox: everything that needs its edge. */
export function playedScenes(rig: LeaksRig): Scene[] {
  const { wire, sandbox } = rig.played;
  const reports = ["--html", join(rig.run.root, "report.html"), "--junit", join(rig.run.root, "report.xml")];
  const play = join(rig.run.root, "play");
  return [
    { name: "sandbox:up", play: () => answers(rig.npm(["sandbox:up"])) },
    { name: "sandbox:preview", full: true, play: () => answers(rig.npm(["sandbox:preview"])) },
    {
      name: "verify, in a browser",
      full: true,
      play: () => answers(rig.npm(["verify", "--people", rig.peopleFile, ...reports])),
    },
    {
      name: "verify --json",
      play: () =>
        answers(
          rig.npm(["verify", "--json", "--no-browser", "--only", "valid-token,wrong-token", ...reports]),
          4,
        ),
    },
    {
      name: "verify that is killed while somebody is logged in",
      full: true,
      play: async () => {
        const before = rig.run.watch.pictures;
        await rig.killWhen(
          () => rig.run.watch.pictures > before,
          (started) =>
            rig.npm(["verify", "--people", rig.peopleFile], { name: "npm run verify, killed", started }),
        );
        // The browser ends a moment after it has lost its owner.
        while (rig.run.watch.alive(/chrom/) > 0) await sleep(50);
        await rig.run.look();
      },
    },
    {
      name: "drift, with the secrets tried",
      full: true,
      play: () => answers(rig.npm(["drift", "--markdown"]), 3),
    },
    { name: "doctor", full: true, play: () => answers(rig.npm(["doctor", "--json"]), 1, 3) },
    {
      name: "a rotation that is killed in the middle",
      full: true,
      play: () =>
        rig.kill(
          wire,
          ({ path }) => path.includes("/service_tokens/"),
          (started) => rig.npm(["rotate", "--yes"], { name: "npm run rotate, killed", started }),
        ),
    },
    {
      name: "rotate, which ends what was begun",
      full: true,
      play: () => answers(rig.npm(["rotate", "--yes", "--end", "now"])),
    },
    { name: "rotate --status", full: true, play: () => answers(rig.npm(["rotate", "--status", "--json"])) },
    { name: "demo", full: true, play: () => answers(rig.npm(["demo"]), 1) },
    {
      name: "the sandbox's page, its state and its logs",
      play: async () => {
        for (const path of ["/", "/__sandbox__/state", "/__sandbox__/requests"]) {
          rig.run.keep("sandbox", path, await (await fetch(`${sandbox.url}${path}`)).text());
        }
        rig.run.keep("sandbox", "log of the edge", JSON.stringify(sandbox.edge?.log));
        rig.run.keep("sandbox", "events of the page", await firstEvents(`${sandbox.url}/__page__/events`));
      },
    },
    {
      name: "the command sandbox, with others that join it",
      full: true,
      play: () =>
        rig.besideSandbox(play, async (env) => {
          await answers(rig.npm(["sandbox:up"], { name: "npm run sandbox:up, joined", env }));
          const file = join(play, ".env");
          await answers(rig.npm(["env", "--file", file], { name: "npm run env, joined", env }));
          rig.noteEnvFile(file);
          await answers(rig.npm(["verify", "--no-browser"], { name: "npm run verify, joined", env }), 1, 4);
        }),
    },
    { name: "sandbox:destroy", full: true, play: () => answers(rig.npm(["sandbox:destroy"])) },
  ];
}

/** What a page that was just opened is told. */
async function firstEvents(url: string): Promise<string> {
  const stop = new AbortController();
  const answer = await fetch(url, { signal: stop.signal });
  const reader = answer.body?.getReader();
  let text = "";
  while (!text.includes("event: log")) {
    const { value, done } = (await reader?.read()) ?? { done: true };
    if (done) throw new Error(`the page's events ended: ${text.slice(0, 200)}`);
    text += Buffer.from(value as Uint8Array).toString();
  }
  stop.abort();
  return text;
}
