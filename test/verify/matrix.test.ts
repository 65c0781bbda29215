import { afterAll, beforeAll, expect, test } from "vitest";
import { WHAT, WHO } from "../../packages/cli/verify/target";
import { verify } from "../../packages/cli/verify/verify";
import { type Deployed, deploy, NEIGHBOUR } from "./deployed";

let deployed: Deployed;
beforeAll(async () => {
  deployed = await deploy();
});
afterAll(() => deployed?.close());

const known = { recordedAt: "2026-11-23T12:00:00.000Z", hostnames: { [NEIGHBOUR]: { status: 204 } } };

test("what the program deploys is as declared, in every cell and every other check", async () => {
  const seen: string[] = [];
  const report = await verify(deployed.target, {
    network: deployed.network,
    write: true,
    baseline: known,
    onProgress: ({ id }) => seen.push(id),
  });
  expect(report.rows.filter(({ result }) => result !== "passed")).toEqual([]);
  const cells = WHO.flatMap((who) => WHAT.map((what) => `comfyui/${who}/${what}`));
  expect(report.rows.filter(({ group }) => group === "matrix").map(({ id }) => id)).toEqual(cells);
  expect(seen.sort()).toEqual(report.rows.map(({ id }) => id).sort());
  expect(new Set(seen).size).toBe(seen.length);
  const text = JSON.stringify(report.rows.map(({ screenshot: _, ...row }) => row));
  const { people, tokens: [token] = [] } = deployed.target;
  for (const secret of [token?.clientSecret, token?.clientId, `"${people?.allowed.password}"`]) {
    expect(text).not.toContain(secret);
  }
  expect(text).not.toMatch(/eyJ[A-Za-z0-9_-]{20,}|CF_Authorization=/);
  // The picture of the page, of the refusal and of what follows the logout.
  expect(report.rows.filter(({ screenshot }) => screenshot !== undefined)).toHaveLength(3);
  expect(report.summary).toMatchObject({ failed: 0, person: 0, notApplicable: 0 });
}, 90_000);

test("without --write nothing is sent but GET, HEAD, OPTIONS and WebSockets", async () => {
  const edge = deployed.sandbox.edge;
  if (edge === undefined) throw new Error("no edge");
  edge.log.length = 0;
  deployed.origin.requests.length = 0;
  const report = await verify(deployed.target, { network: deployed.network, browser: false });
  expect(report.summary.failed).toBe(0);
  const asked = [...edge.log, ...deployed.origin.requests].map(({ method }) => method);
  expect([...new Set(asked)].sort()).toEqual(["GET", "OPTIONS"]);
  expect(report.rows.find(({ id }) => id === "comfyui/valid-token/upload")).toMatchObject({
    got: "404 from ComfyUI",
    result: "passed",
  });
}, 60_000);

test("without a browser the people's rows are for a person, with what to try", async () => {
  const report = await verify(deployed.target, { network: deployed.network, browser: false });
  const people = report.rows.filter(({ result }) => result === "person");
  expect(people).toHaveLength(10);
  expect(people[0]?.next).toMatch(/log in with Google as artist@datacrew\.space/);
}, 60_000);

test("a ComfyUI that does not run here is said, not passed", async () => {
  const routes = { ...deployed.network.routes };
  delete routes["localhost:8188"];
  delete routes["comfyui:8188"];
  const at = (localRequired: boolean) => {
    const place = { localUrl: "http://127.0.0.1:9", localRequired };
    const applications = deployed.target.applications.map((each) => ({ ...each, ...place }));
    return { ...deployed.target, applications };
  };
  const only = ["local", "docker"] as const;
  const network = { ...deployed.network, routes };
  const report = await verify(at(false), { network, only });
  expect(report.rows.map(({ result }) => result)).toEqual(Array(10).fill("not-applicable"));
  expect(report.rows[0]?.detail).toContain("nothing answers at http://127.0.0.1:9");
  expect(report.rows[5]?.next).toContain("--network");
  const required = await verify(at(true), { network, only: ["local"] });
  expect(required.summary.failed).toBe(5);
}, 60_000);
