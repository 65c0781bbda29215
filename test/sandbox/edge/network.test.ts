import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DEV_ZONE_ID } from "../../../packages/sandbox/account/seed";
import { ACCESS, APP, HOST, type Json, type Rig, startRig, TEAM } from "./rig";
import { answerBeforeBody, sendLines, upgradeStatus } from "./wire";

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.close());

const OPEN = "https://open.datacrew.space";
const RECORDS = `/zones/${DEV_ZONE_ID}/dns_records`;

describe("a hostname", () => {
  it("answers a caller that still sends its body, and goes on with the connection", async () => {
    const text = await answerBeforeBody(rig.edge.network, HOST, "/upload/image");
    expect(text.match(/HTTP\/1\.1 302/g)).toHaveLength(2);
  });

  it("without an application goes to the origin, as at Cloudflare: nobody is asked", async () => {
    const answer = await rig.visitor().open(`${OPEN}/x?y=1`);
    expect(answer.status).toBe(200);
    expect(rig.origin.arrived.at(-1)).toMatchObject({
      url: "/x?y=1",
      headers: {
        host: "open.datacrew.space",
        "cf-connecting-ip": "203.0.113.7",
        "cf-ipcountry": "NL",
        "x-forwarded-for": "203.0.113.7",
        "x-forwarded-proto": "https",
      },
    });
    expect(rig.origin.arrived.at(-1)?.headers).not.toHaveProperty("cf-access-jwt-assertion");
    await expect
      .poll(() => rig.edge.log.at(-1))
      .toMatchObject({
        verdict: "no application",
        servedBy: "origin",
        who: "nobody",
        path: "/x",
      });
    expect((await rig.visitor().open(`${OPEN}/cdn-cgi/access/certs`)).text).toContain(
      '"url":"/cdn-cgi/access/certs"',
    );
  });

  it.each(["unknown.datacrew.space", "example.com"])(
    "%s leads nowhere: the handshake fails",
    async (name) => {
      await expect(rig.visitor().open(`https://${name}/`)).rejects.toThrow();
      expect(rig.origin.arrived).toEqual([]);
    },
  );

  it("leads nowhere while its record is not proxied", async () => {
    const [record] = (await rig.api("GET", RECORDS)).filter(
      ({ name }: Json) => name === "open.datacrew.space",
    );
    await rig.api("PATCH", `${RECORDS}/${record.id}`, { proxied: false });
    await expect(rig.visitor().open(OPEN)).rejects.toThrow();
    await rig.api("PATCH", `${RECORDS}/${record.id}`, { proxied: true });
    expect((await rig.visitor().open(OPEN)).status).toBe(200);
  });

  it("is guarded path by path, by the most specific application", async () => {
    await rig.api("POST", `${ACCESS}/apps`, {
      type: "self_hosted",
      name: "admin",
      destinations: [{ type: "public", uri: "open.datacrew.space/admin" }],
      policies: [{ id: rig.people.id, precedence: 1 }],
    });
    const visitor = rig.visitor();
    expect((await visitor.open(`${OPEN}/`)).status).toBe(200);
    expect((await visitor.open(`${OPEN}/admin/users`)).status).toBe(302);
    const sneaky = await sendLines(rig.edge.network, "open.datacrew.space", [
      "GET /x/..%2f%61dmin HTTP/1.1",
      "host: open.datacrew.space",
    ]);
    expect(sneaky.status).toBe(302);
  });

  it("that is named in Host only, or twice, is not served", async () => {
    const request = (...hosts: string[]) =>
      sendLines(rig.edge.network, "open.datacrew.space", [
        "GET / HTTP/1.1",
        ...hosts.map((name) => `host: ${name}`),
      ]);
    expect((await request("open.datacrew.space:443")).status).toBe(200);
    expect((await request(HOST)).status).toBe(421);
    expect((await request("open.datacrew.space", HOST)).status).toBeGreaterThanOrEqual(400);
    expect(rig.origin.arrived).toHaveLength(1);
    expect(
      (
        await sendLines(rig.edge.network, HOST, [
          `GET https://open.datacrew.space/ HTTP/1.1`,
          `host: ${HOST}`,
        ])
      ).status,
    ).toBe(421);
  });
});

describe("the tunnel", () => {
  it("without cloudflared is error 1033, with 530", async () => {
    rig.connector.disconnect();
    const answer = await rig.visitor().open(OPEN);
    expect(answer.status).toBe(530);
    expect(answer.headers["content-type"]).toContain("text/html");
    expect(answer.text).toContain("Error 1033");
    expect(await upgradeStatus(rig.edge.network, "open.datacrew.space", "/ws", {})).toBe(530);
  });

  it("is not what a record to elsewhere leads to", async () => {
    await rig.api("POST", RECORDS, {
      type: "A",
      name: "web.datacrew.space",
      content: "192.0.2.1",
      proxied: true,
      ttl: 1,
    });
    expect((await rig.visitor().open("https://web.datacrew.space/")).status).toBe(523);
  });

  it("checks the JWT itself: what passes without Access is refused there", async () => {
    await rig.api("DELETE", `${ACCESS}/apps/${rig.app.id}`);
    expect(await rig.visitor().open(APP)).toMatchObject({ status: 403, text: "" });
    expect(rig.origin.arrived).toEqual([]);
    await expect
      .poll(() => rig.edge.log.at(-1))
      .toMatchObject({ servedBy: "tunnel", verdict: "no application" });
  });
});

describe("limits", () => {
  it("refuse a body that is too large, whether its length is said or not", async () => {
    rig.edge.settings.maxBodyBytes = 100_000;
    const visitor = rig.visitor();
    const post = (body: Buffer | AsyncIterable<Buffer>) => visitor.open(OPEN, { method: "POST", body });
    async function* chunks(count: number) {
      for (let sent = 0; sent < count; sent += 1) yield Buffer.alloc(10_000);
    }
    expect((await post(Buffer.alloc(100_000))).status).toBe(200);
    expect((await post(Buffer.alloc(100_001))).status).toBe(413);
    expect((await post(chunks(10))).status).toBe(200);
    expect(rig.origin.arrived.at(-1)?.bytes).toBe(100_000);
    const tooLong = await post(chunks(11)).then(
      ({ status }) => status,
      () => "connection cut",
    );
    expect([413, "connection cut"]).toContain(tooLong);
    expect(rig.origin.arrived).toHaveLength(2);
    await expect.poll(() => rig.edge.log.at(-1)).toMatchObject({ status: 413, servedBy: "edge" });
  });

  it("give up an origin that does not begin to answer in time, with 524", async () => {
    rig.edge.settings.readTimeoutMs = 100;
    const answer = await rig.visitor().open(`${OPEN}/never`);
    expect(answer.status).toBe(524);
    await expect
      .poll(() => rig.edge.log.at(-1))
      .toMatchObject({ status: 524, servedBy: "edge", reason: "the origin did not answer in time" });
  });
});

describe("the proxy", () => {
  let folder: string;
  let ca: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "edge-"));
    ca = join(folder, "ca.pem");
    await writeFile(ca, rig.edge.ca);
  });
  afterEach(() => rm(folder, { recursive: true }));

  const curl = (...args: string[]) =>
    promisify(execFile)("curl", ["--silent", "--show-error", "--max-time", "10", "--cacert", ca, ...args], {
      env: { ...process.env, HTTPS_PROXY: rig.edge.proxyUrl, NO_PROXY: "" },
    });

  it("lets curl use the real URLs", async () => {
    const { stdout } = await curl(
      "--write-out",
      "%{http_code} %{redirect_url}",
      "--output",
      "/dev/null",
      APP,
    );
    expect(stdout).toMatch(new RegExp(`^302 ${TEAM}/cdn-cgi/access/login/`));
    expect((await curl(OPEN)).stdout).toContain('"method":"GET"');
  });

  it("leads to what the sandbox serves only", async () => {
    await expect(curl("https://elsewhere.example.net/")).rejects.toThrow("403");
    await expect(curl("http://open.datacrew.space/", "--proxy", rig.edge.proxyUrl)).resolves.toMatchObject({
      stdout: "This proxy takes CONNECT only.\n",
    });
  });
});

describe("the log", () => {
  it("says for each request who, what and why, and holds no secret", async () => {
    await rig.visitor().open(`${APP}/view?token=secret-in-query`);
    await rig.visitor().open(APP, { headers: rig.credentials() });
    expect(rig.edge.log).toEqual([
      {
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        method: "GET",
        hostname: HOST,
        path: "/view",
        status: 302,
        ms: expect.any(Number),
        servedBy: "access",
        who: "nobody",
        verdict: "refused",
        reason: expect.stringContaining('Allow "people": needs a login'),
      },
      expect.objectContaining({ status: 200, servedBy: "origin", who: "comfyui-api", verdict: "granted" }),
    ]);
    expect(JSON.stringify(rig.edge.log)).not.toMatch(/secret-in-query|cfast_/);
    expect(JSON.stringify(rig.edge.log)).not.toContain(rig.token.client_secret);
  });
});
