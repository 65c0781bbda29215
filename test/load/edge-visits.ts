import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { connect, createSecureContext, type SecureContext, type TLSSocket } from "node:tls";
import { type Dispatcher, request } from "undici";
import WebSocket from "ws";
import { dispatcherFor } from "../../packages/client/typescript/network";
import { APP, HOST } from "../sandbox/edge/rig";
import { type EdgeTarget, FORBIDDEN } from "./edge-process";
import type { Visit } from "./rounds";

/** A file of the origin's stand-in: any size by its name. */
const download = (bytes: number) => `/view?filename=bytes-${bytes}.bin&type=output`;
const SMALL = 32 * 1024;
const LARGE = 1024 * 1024;
const forbidden = (path: string) => `${path}?${FORBIDDEN}=1`;

/** Visitors of an edge: each of `kinds` is one request, right or wrong. */
export class EdgeVisitors {
  private dispatcher: Dispatcher;
  private readonly secureContext: SecureContext;
  private readonly credentials: Record<string, string>;
  private readonly forged: string;
  private smallHash: string | undefined;
  private made = 0;

  /** @param connections largest number of connections that are kept for plain requests */
  constructor(
    private readonly target: EdgeTarget,
    private readonly connections: number,
  ) {
    this.dispatcher = dispatcherFor(target.network, { connections });
    this.secureContext = createSecureContext({ ca: target.network.ca });
    this.credentials = {
      "cf-access-client-id": target.token.id,
      "cf-access-client-secret": target.token.secret,
    };
    this.forged = forge(target);
  }

  /** Closes the connections that are kept. Further requests open new ones. */
  async close(): Promise<void> {
    const { dispatcher } = this;
    this.dispatcher = dispatcherFor(this.target.network, { connections: this.connections });
    await dispatcher.destroy();
  }

  readonly kinds: Record<string, Visit> = {
    "token, JSON": async () => {
      const { status, body } = await this.send("/system_stats", this.credentials);
      if (status !== 200) return `status ${status}`;
      return isStats(body) ? undefined : "an answer that is not ComfyUI's";
    },
    "token, download": async () => {
      const { status, body } = await this.send(download(SMALL), this.credentials);
      if (status !== 200 || body.length !== SMALL) return `status ${status}, ${body.length} bytes`;
      const hash = createHash("sha256").update(body).digest("hex");
      this.smallHash ??= hash;
      return hash === this.smallHash ? undefined : "other bytes than the first time";
    },
    "token, upload": () =>
      this.upload(this.credentials, (status, body) => {
        if (status !== 200) return `status ${status}`;
        return JSON.parse(body.toString()).type === "input" ? undefined : "an answer that is not ComfyUI's";
      }),
    "no token": () => this.refused({}, 302),
    "no token, upload": () => this.upload({}, (status) => (status === 302 ? undefined : `status ${status}`)),
    "wrong secret": () =>
      this.refused({ ...this.credentials, "cf-access-client-secret": "0".repeat(64) }, 401),
    "forged JWT, cookie": () => this.refused({ cookie: `CF_Authorization=${this.forged}` }, 302),
    "forged JWT, header": () => this.refused({ "cf-access-jwt-assertion": this.forged }, 302),
    "slow reader": () => this.read(LARGE, { pauseMs: 4 }),
    "gone while reading": () => this.read(LARGE, { leaveAfter: SMALL }),
    "gone while sending": () => this.leaveWhileSending(),
    WebSocket: () => this.listen({ messages: 2, end: "close" }),
    "WebSocket, cut off": () => this.listen({ messages: 1, end: "terminate" }),
    "WebSocket, no token": () => this.webSocketRefused(),
  };

  private number(): number {
    this.made += 1;
    return this.made;
  }

  private async send(
    path: string,
    headers: Record<string, string>,
    sending: { method?: Dispatcher.HttpMethod; body?: string | Buffer } = {},
  ): Promise<{ status: number; body: Buffer; location: unknown }> {
    const answer = await request(`${APP}${path}`, { dispatcher: this.dispatcher, headers, ...sending });
    const body = Buffer.from(await answer.body.arrayBuffer());
    return { status: answer.statusCode, body, location: answer.headers.location };
  }

  private async refused(headers: Record<string, string>, wanted: number): Promise<string | undefined> {
    const { status, body, location } = await this.send(forbidden("/system_stats"), headers);
    if (isStats(body)) return "the origin's answer, without a credential";
    if (status !== wanted) return `status ${status}`;
    const isLogin = String(location).startsWith(
      "https://datacrew.cloudflareaccess.com/cdn-cgi/access/login/",
    );
    return wanted !== 302 || isLogin ? undefined : "a redirect that is not to the login";
  }

  private async upload(
    headers: Record<string, string>,
    judge: (status: number, body: Buffer) => string | undefined,
  ): Promise<string | undefined> {
    const boundary = "----load";
    const head =
      `--${boundary}\r\ncontent-disposition: form-data; name="overwrite"\r\n\r\ntrue\r\n` +
      `--${boundary}\r\ncontent-disposition: form-data; name="image"; filename="load-${this.number() % 50}.png"\r\n` +
      "content-type: image/png\r\n\r\n";
    const body = Buffer.concat([
      Buffer.from(head),
      Buffer.alloc(SMALL, 7),
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]);
    const isAllowed = Object.keys(headers).length > 0;
    const { status, body: answer } = await this.send(
      isAllowed ? "/upload/image" : forbidden("/upload/image"),
      { ...headers, "content-type": `multipart/form-data; boundary=${boundary}` },
      { method: "POST", body },
    );
    return judge(status, answer);
  }

  /** Reads an answer off the wire, slowly, or leaves before its end. */
  private async read(
    size: number,
    { pauseMs = 0, leaveAfter = Number.POSITIVE_INFINITY }: { pauseMs?: number; leaveAfter?: number },
  ): Promise<string | undefined> {
    const socket = await this.connected();
    try {
      socket.write(
        `GET ${download(size)} HTTP/1.1\r\nhost: ${HOST}\r\n${this.headerLines()}connection: close\r\n\r\n`,
      );
      let read = 0;
      let head = "";
      for await (const chunk of socket as AsyncIterable<Buffer>) {
        if (head === "") head = chunk.toString("latin1");
        read += chunk.length;
        if (read > leaveAfter) return undefined;
        if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
      if (!head.startsWith("HTTP/1.1 200 ")) return head.split("\r\n")[0];
      const body = read - head.indexOf("\r\n\r\n") - 4;
      return body === size ? undefined : `${body} of ${size} bytes`;
    } finally {
      socket.destroy();
    }
  }

  private async leaveWhileSending(): Promise<undefined> {
    const socket = await this.connected();
    const head =
      `POST /upload/image HTTP/1.1\r\nhost: ${HOST}\r\n${this.headerLines()}` +
      `content-type: multipart/form-data; boundary=x\r\ncontent-length: ${LARGE}\r\n\r\n`;
    await new Promise((resolve) =>
      socket.write(Buffer.concat([Buffer.from(head), Buffer.alloc(SMALL)]), resolve),
    );
    await new Promise((resolve) => setTimeout(resolve, 10));
    socket.destroy();
  }

  /** Opens a WebSocket, says its features, hears messages, pings; then closes, or is gone. */
  private listen(plan: { messages: number; end: "close" | "terminate" }): Promise<string | undefined> {
    const id = `load-${this.number()}`;
    const socket = this.webSocket(`/ws?clientId=${id}`, this.credentials);
    const heard: string[] = [];
    let pongs = 0;
    return new Promise((resolve, reject) => {
      socket.on("error", reject);
      socket.on("unexpected-response", (_, answer) => resolve(`status ${answer.statusCode}`));
      socket.on("open", () => {
        socket.send(JSON.stringify({ type: "feature_flags", data: {} }));
        socket.ping();
      });
      const goOn = () => {
        if (pongs === 0 || heard.filter((type) => type === "load").length < plan.messages) return;
        if (plan.end === "close") socket.close(1000);
        else socket.terminate();
      };
      socket.on("pong", () => {
        pongs += 1;
        goOn();
      });
      socket.on("message", (data: Buffer) => {
        heard.push(JSON.parse(data.toString("utf8")).type);
        goOn();
      });
      socket.on("close", (code) => {
        const missing = ["status", "feature_flags", "load"].filter((type) => !heard.includes(type));
        const wanted = plan.end === "close" ? 1000 : 1006;
        if (missing.length > 0 || pongs === 0) resolve(`not heard: ${missing.join(", ")}, ${pongs} pongs`);
        else resolve(code === wanted ? undefined : `closed with ${code}`);
      });
    });
  }

  private webSocketRefused(): Promise<string | undefined> {
    const socket = this.webSocket(forbidden("/ws"), {});
    return new Promise((resolve, reject) => {
      socket.on("error", reject);
      socket.on("open", () => resolve("a WebSocket without a credential"));
      socket.on("unexpected-response", (_, answer) => {
        answer.destroy();
        resolve(answer.statusCode === 302 ? undefined : `status ${answer.statusCode}`);
      });
    });
  }

  private webSocket(path: string, headers: Record<string, string>): WebSocket {
    const { port } = this.address();
    const { secureContext } = this;
    return new WebSocket(`wss://${HOST}${path}`, {
      headers,
      perMessageDeflate: false,
      createConnection: () => connect({ host: "127.0.0.1", port, servername: HOST, secureContext }),
    });
  }

  private connected(): Promise<TLSSocket> {
    const { port } = this.address();
    const { secureContext } = this;
    return new Promise((resolve, reject) => {
      const socket = connect({ host: "127.0.0.1", port, servername: HOST, secureContext }, () =>
        resolve(socket),
      );
      socket.once("error", reject);
    });
  }

  private address(): { port: number } {
    const address = this.target.network.routes?.["*:443"];
    if (address === undefined) throw new Error("the edge says nothing of its port");
    return address;
  }

  private headerLines(): string {
    return Object.entries(this.credentials)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join("");
  }
}

const isStats = (body: Buffer): boolean => body.includes("comfyui_version");

/** All that a forger could know, signed with a key of their own. */
function forge({ kid, aud }: EdgeTarget): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    aud: [aud],
    email: "artist@datacrew.space",
    iat: now,
    nbf: now,
    exp: now + 86_400,
    iss: "https://datacrew.cloudflareaccess.com",
    type: "app",
    sub: "",
  };
  const content = `${part({ alg: "RS256", kid, typ: "JWT" })}.${part(claims)}`;
  return `${content}.${sign("RSA-SHA256", Buffer.from(content), privateKey).toString("base64url")}`;
}
