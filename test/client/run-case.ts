import { readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { CertificateAuthority } from "../../packages/sandbox/tls/certificate-authority";
import { type CaseInput, type CaseOutcome, type ClientCase, type Expectation, quickOptions } from "./case";
import { matchesRequest, type ReceivedRequest } from "./received-request";
import { patternBytes, type ScriptedServer, startScriptedServer, withSharedRules } from "./scripted-server";
import { differences, fill, type Variables } from "./templates";

/** Calls a client the way the input says and tells what came of it. */
export type Subject = (input: CaseInput) => Promise<CaseOutcome>;

const casesDir = join(__dirname, "cases");

/** Every case of the table, and of the file that it stands in. */
export function loadCases(): { file: string; cases: ClientCase[] }[] {
  const files = readdirSync(casesDir).filter((file) => file.endsWith(".json") && file !== "rules.json");
  return files.sort().map((file) => ({
    file,
    cases: JSON.parse(readFileSync(join(casesDir, file), "utf8")) as ClientCase[],
  }));
}

/** Plays one case against a client and lists what is not as expected. Empty = passed. */
export async function runCase(
  one: ClientCase,
  subject: Subject,
  authority: CertificateAuthority,
): Promise<string[]> {
  const shared = JSON.parse(await readFile(join(casesDir, "rules.json"), "utf8"));
  const tmp = await mkdtemp(join(tmpdir(), "comfyui-client-case-"));
  const caFile = join(tmp, "..", `${tmp.split("/").at(-1)}.pem`);
  const variables: Variables = () => ({ ...credentials, tmp });
  const server = await startScriptedServer(withSharedRules(one.server, shared), authority, variables);
  try {
    await writeFile(caFile, authority.pem);
    for (const [name, what] of Object.entries(one.files ?? {})) await place(join(tmp, name), what);
    const input = fill<CaseInput>(
      {
        name: one.name,
        env: { ...one.env },
        options: { ...quickOptions, ...one.options },
        call: one.call,
        args: one.args ?? {},
        routes: routesTo(server),
        caFile,
      },
      variables,
    );
    const started = performance.now();
    const outcome = await within(subject(input), one.expect.withinMs ?? 8000);
    const took = performance.now() - started;
    if (outcome === undefined) return [`no answer after ${took.toFixed(0)} ms`];
    return [
      ...outcomeProblems(one.expect, outcome, server.variables),
      ...receivedProblems(one.expect, server),
      ...(await fileProblems(one, tmp)),
      ...(await socketProblems(one.expect, server)),
    ];
  } finally {
    await server.close();
    await rm(tmp, { recursive: true, force: true });
    await rm(caFile, { force: true });
  }
}

async function place(path: string, what: number | "folder"): Promise<void> {
  await (what === "folder" ? mkdir(path) : writeFile(path, patternBytes(what)));
}

const secret = "5ec4e7".repeat(10).padEnd(64, "0");
const fastSecret = `cfast_${"aB3dE6gH9j".repeat(4)}12345678`;
const accessId = `${"0123456789abcdef".repeat(2)}.access`;

/** Credentials that cases name; none of them may show up in an answer. */
const credentials = {
  accessId,
  accessSecret: secret,
  fastSecret,
  serviceToken: `${accessId}:${secret}`,
  fastToken: `${accessId}:${fastSecret}`,
  singleHeaderToken: JSON.stringify({ "cf-access-client-id": accessId, "cf-access-client-secret": secret }),
  jwt: jwtExpiringIn(3600),
  expiredJwt: jwtExpiringIn(-3600),
};

function jwtExpiringIn(seconds: number): string {
  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + seconds;
  const signature = Buffer.from("not a real signature").toString("base64url");
  return `${encode({ alg: "RS256", typ: "JWT" })}.${encode({ aud: ["aud"], exp, email: "artist@datacrew.space" })}.${signature}`;
}

function routesTo(server: ScriptedServer): CaseInput["routes"] {
  const at = (port: number) => ({ host: "127.0.0.1", port });
  return { "*:443": at(server.tlsPort), "*:80": at(server.httpPort), "*:8188": at(server.httpPort) };
}

async function within<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  const controller = new AbortController();
  try {
    return await Promise.race([work, pause(ms, undefined, { signal: controller.signal })]);
  } finally {
    controller.abort();
  }
}

function outcomeProblems(expected: Expectation, outcome: CaseOutcome, variables: Variables): string[] {
  const said = JSON.stringify(outcome).toLowerCase();
  const leaked = [secret, fastSecret, credentials.jwt, credentials.expiredJwt].filter((one) =>
    said.includes(one.toLowerCase()),
  );
  const problems = leaked.map(() => "the answer holds a secret");
  if (expected.error === undefined) {
    if (!outcome.ok) return [...problems, `failed: ${said}`];
    return [...problems, ...differences(fill(expected.value, variables) ?? null, outcome.value ?? null)];
  }
  if (outcome.ok) return [...problems, `succeeded: ${said}`];
  const { includes = [], ...fields } = fill(expected.error, variables);
  return [
    ...problems,
    ...differences(fields, outcome.error, "error"),
    ...includes
      .filter((part) => !outcome.error.message.includes(part))
      .map((part) => `error.message: no "${part}" in "${outcome.error.message}"`),
  ];
}

function receivedProblems(expected: Expectation, server: ScriptedServer): string[] {
  const { variables } = server;
  return (expected.received ?? []).flatMap((wanted) => {
    const found = server.received.filter((request) => matchesRequest(wanted, request, variables));
    const what = `${wanted.method ?? "any"} ${wanted.path ?? "any path"}${wanted.host ? ` at ${wanted.host}` : ""}`;
    const { min = wanted.max === 0 ? 0 : 1, max = Number.POSITIVE_INFINITY } = wanted;
    const problems = found.length < min || found.length > max ? [`${what}: came ${found.length} times`] : [];
    return [...problems, ...found.flatMap((request) => requestProblems(what, wanted, request, variables))];
  });
}

function requestProblems(
  what: string,
  wanted: NonNullable<Expectation["received"]>[number],
  request: ReceivedRequest,
  variables: Variables,
): string[] {
  const headers = Object.entries(fill(wanted.headers ?? {}, variables)).flatMap(([name, value]) =>
    differences(value ?? undefined, request.headers[name], `${what} ${name}`),
  );
  return [
    ...headers,
    ...(wanted.json === undefined
      ? []
      : differences(fill(wanted.json, variables), request.json, `${what} body`)),
    ...(wanted.form === undefined
      ? []
      : differences(fill(wanted.form, variables), request.form, `${what} form`)),
  ];
}

async function fileProblems(one: ClientCase, tmp: string): Promise<string[]> {
  const expected = { ...one.files, ...one.expect.files };
  const names = await readdir(tmp);
  const actual = Object.fromEntries(
    await Promise.all(
      names.map(async (name) => {
        const found = await stat(join(tmp, name));
        return [name, found.isDirectory() ? "folder" : found.size] as const;
      }),
    ),
  );
  const extra = names.filter((name) => !(name in expected)).map((name) => `${name}: should not be there`);
  return [...extra, ...differences(expected, actual, "files")];
}

/** A client that is done leaves no socket open. */
async function socketProblems(expected: Expectation, server: ScriptedServer): Promise<string[]> {
  for (let left = 100; left > 0 && server.sockets.stillOpen > 0; left -= 1) await pause(10);
  const { min = 0, max = Number.POSITIVE_INFINITY } = expected.sockets ?? {};
  const { opened, stillOpen } = server.sockets;
  return [
    ...(stillOpen > 0 ? [`${stillOpen} WebSockets left open`] : []),
    ...(opened < min || opened > max ? [`${opened} WebSockets opened`] : []),
  ];
}
