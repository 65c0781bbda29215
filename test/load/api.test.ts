import { afterEach, describe, expect, test } from "vitest";
import { DEV_TOKENS } from "../../packages/sandbox/account/seed";
import { acceptsSecret } from "../../packages/sandbox/api/service-tokens";
import { type Sandbox, type SandboxOptions, startSandbox } from "../../packages/sandbox/server/server";
import { PROPERTY_SEED } from "../support/property-seed";
import { ACCOUNT, type Call, callerOf, KINDS, ZONE } from "./api-objects";
import { differences, readAll, Writer } from "./api-writers";

const isFull = process.env["FULL_TABLES"] === "1";
const WRITERS = 50;
const CALLS = isFull ? 120 : 16;

let sandbox: Sandbox;
let call: Call;
afterEach(() => sandbox.close());

async function start(options: SandboxOptions = {}): Promise<void> {
  sandbox = await startSandbox({ rateLimit: false, ...options });
  call = callerOf(sandbox.apiUrl, DEV_TOKENS.admin);
}

/** As often as said, all at once. */
const atOnce = <T>(times: number, make: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: times }, (_, index) => make(index)));

describe("the API under writers at once", () => {
  test("each writer finds what it was answered, and readers find whole objects, each once", {
    timeout: 600_000,
  }, async () => {
    await start();
    const writers = Array.from(
      { length: WRITERS },
      (_, index) => new Writer(call, `w${index}`, PROPERTY_SEED + index),
    );
    let done = false;
    let pages = 0;
    const misread: string[] = [];
    const reader = async () => {
      while (!done) {
        for (const kind of Object.values(KINDS)) {
          const { objects, wrong } = await readAll(call, kind, 20);
          pages += Math.ceil(objects.length / 20);
          misread.push(...wrong);
          for (const object of objects) {
            const said = kind.said(object);
            if (new Set(said).size > 1) misread.push(`torn: ${said.join(" and ")}`);
          }
        }
      }
    };
    const readers = atOnce(3, reader);
    await Promise.all(writers.map((writer) => writer.run(CALLS)));
    done = true;
    await readers;
    console.log(
      `${WRITERS} writers, ${WRITERS * CALLS} writes, ${pages} pages read meanwhile, seed ${PROPERTY_SEED}`,
    );
    expect(writers.flatMap(({ wrong }) => wrong)).toEqual([]);
    expect(misread).toEqual([]);
    expect(await differences(call, writers)).toEqual([]);
  });

  test("of those who want the same name, one gets it", async () => {
    await start();
    const wanted: [path: string, body: Record<string, unknown>, refusal: number][] = [
      [`${ACCOUNT}/cfd_tunnel`, { name: "shared" }, 409],
      [`${ZONE}/dns_records`, { type: "CNAME", name: "shared", content: "example.org" }, 400],
      [`${ZONE}/dns_records`, { type: "TXT", name: "shared-text", content: '"same"' }, 400],
      [
        `${ACCOUNT}/access/apps`,
        {
          type: "self_hosted",
          name: "shared",
          destinations: [{ type: "public", uri: "shared.datacrew.space" }],
        },
        409,
      ],
    ];
    for (const [path, body, refusal] of wanted) {
      const answers = await atOnce(WRITERS, () => call("POST", path, body));
      expect(answers.filter(({ success }) => success)).toHaveLength(1);
      expect(new Set(answers.filter(({ success }) => !success).map(({ status }) => status))).toEqual(
        new Set([refusal]),
      );
    }
    // And by renaming: of fifty that would take one name, one does.
    const made = await atOnce(WRITERS, (index) =>
      call("POST", `${ACCOUNT}/cfd_tunnel`, { name: `t${index}` }),
    );
    const renamed = await Promise.all(
      made.map(({ result }) => call("PATCH", `${ACCOUNT}/cfd_tunnel/${result.id}`, { name: "taken" })),
    );
    expect(renamed.filter(({ success }) => success)).toHaveLength(1);
  });

  test("every PUT of an ingress list counts, and the one of the highest version stands", async () => {
    await start();
    const { result: tunnel } = await call("POST", `${ACCOUNT}/cfd_tunnel`, { name: "lists" });
    const path = `${ACCOUNT}/cfd_tunnel/${tunnel.id}/configurations`;
    const list = (index: number) => ({
      config: {
        ingress: [
          { hostname: `h${index}.datacrew.space`, service: "http://localhost:1" },
          { service: "http_status:404" },
        ],
      },
    });
    const answers = await atOnce(WRITERS, (index) => call("PUT", path, list(index)));
    const versions = answers.map(({ result }) => result.version as number);
    expect(versions.toSorted((one, other) => one - other)).toEqual(
      Array.from({ length: WRITERS }, (_, index) => index + 1),
    );
    const last = answers.find(({ result }) => result.version === WRITERS)?.result;
    expect((await call("GET", path)).result).toEqual(last);
  });

  test("every rotation gets a secret of its own, and the one of the highest version opens", async () => {
    await start();
    const { result: token } = await call("POST", KINDS["service token"]?.path ?? "", { name: "rotated" });
    const path = `${KINDS["service token"]?.path}/${token.id}`;
    const answers = await atOnce(WRITERS, () => call("POST", `${path}/rotate`, {}));
    const byVersion = answers
      .map(({ result }) => result)
      .toSorted((one, other) => one.client_secret_version - other.client_secret_version);
    expect(byVersion.map(({ client_secret_version: version }) => version)).toEqual(
      Array.from({ length: WRITERS }, (_, index) => index + 2),
    );
    const kept = sandbox.store.serviceTokens.get(token.id);
    if (kept === undefined) throw new Error("the token is gone");
    const opening = byVersion.filter(({ client_secret: secret }) =>
      acceptsSecret(kept, secret, sandbox.store.now()),
    );
    expect(opening.map(({ client_secret_version: version }) => version)).toEqual([WRITERS + 1]);

    // A version can be reached by one only: who asks for it again has no new secret.
    const puts = await atOnce(WRITERS, () => call("PUT", path, { client_secret_version: 1000 }));
    expect(puts.filter(({ result }) => result.client_secret !== undefined)).toHaveLength(1);
  });

  test("what is deleted stays deleted, however late a change of it comes", async () => {
    await start();
    for (const [index, [name, kind]] of Object.entries(KINDS).entries()) {
      const made = await atOnce(10, (number) => call("POST", kind.path, kind.body(`z${index}-${number}`, 1)));
      const answers = await Promise.all(
        made.flatMap(({ result }, number) =>
          ["change", "DELETE", "change", "change"].map((deed) =>
            deed === "DELETE"
              ? call("DELETE", `${kind.path}/${result.id}`)
              : call(kind.change, `${kind.path}/${result.id}`, kind.body(`z${index}-${number}`, 2)),
          ),
        ),
      );
      const statuses = new Set(answers.map(({ status }) => status));
      expect([200, 202, 404], name).toEqual(expect.arrayContaining([...statuses]));
      expect(
        answers.filter((_, number) => number % 4 === 1).every(({ success }) => success),
        name,
      ).toBe(true);
      const { objects } = await readAll(call, kind, 50);
      const left = (objects as { deleted_at?: string | null }[]).filter(({ deleted_at: at }) => at == null);
      expect(left, name).toEqual([]);
    }
  });
});

describe("the API's limits under many requests at once", () => {
  test("exactly 1200 of a token's requests in five minutes are served", async () => {
    await start({ rateLimit: undefined });
    const begun = sandbox.store.now().getTime();
    const statuses = (await atOnce(1500, () => call("GET", "/accounts"))).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1200);
    expect(statuses.filter((status) => status === 429)).toHaveLength(300);
    expect((await callerOf(sandbox.apiUrl, DEV_TOKENS.preview)("GET", "/accounts")).status).toBe(200);
    // The block lasts five minutes from the request that exceeded the limit, which came between these two moments.
    const taken = sandbox.store.now().getTime() - begun;
    sandbox.store.advanceClock(270_000 - taken);
    expect((await call("GET", "/accounts")).status).toBe(429);
    sandbox.store.advanceClock(30_000 + taken);
    expect((await call("GET", "/accounts")).status).toBe(200);
  });

  test("the log keeps the latest 10,000", async () => {
    await start();
    await call("GET", "/accounts");
    const [entry] = sandbox.requests;
    if (entry === undefined) throw new Error("nothing was logged");
    while (sandbox.requests.length < 9_950) sandbox.requests.push({ ...entry, path: "/older" });
    await atOnce(200, () => call("GET", "/zones"));
    expect(sandbox.requests).toHaveLength(10_000);
    expect(sandbox.requests.slice(-200).every(({ path }) => path === "/client/v4/zones")).toBe(true);
  });
});
