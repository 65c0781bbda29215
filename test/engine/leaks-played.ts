import { join } from "node:path";
import type { LeaksRig } from "./leaks-rig";
import { answers, type Scene } from "./leaks-scene";

/** What is done with the stack in the sandbox: everything that needs its edge. */
export function playedScenes(rig: LeaksRig): Scene[] {
  const { wire, sandbox } = rig.played;
  const reports = ["--html", join(rig.run.root, "report.html"), "--junit", join(rig.run.root, "report.xml")];
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
      name: "drift, with the secrets tried",
      full: true,
      play: () => answers(rig.npm(["drift", "--markdown"])),
    },
    { name: "doctor", full: true, play: () => answers(rig.npm(["doctor", "--json"]), 1) },
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
