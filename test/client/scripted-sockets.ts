import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { type WebSocket, WebSocketServer } from "ws";
import type { Reply, SocketScript, SocketStep } from "./case";
import { matchesRequest, type ReceivedRequest } from "./received-request";
import { fill, type Variables } from "./templates";

/** Plays the scripts of WebSockets, the n-th script on the n-th connection, and counts. */
export class ScriptedSockets {
  /** How many have been asked for, refused ones included. */
  opened = 0;
  /** Text messages that clients sent. */
  readonly messages: string[] = [];
  private readonly open = new Set<WebSocket>();
  private readonly servers = [
    new WebSocketServer({ noServer: true }),
    new WebSocketServer({ noServer: true, autoPong: false }),
  ] as const;
  private closed = false;

  constructor(
    private readonly scripts: SocketScript[],
    private readonly received: ReceivedRequest[],
    private readonly variables: Variables,
  ) {}

  /** How many are open now. */
  get stillOpen(): number {
    return this.open.size;
  }

  accept(incoming: IncomingMessage, socket: Socket, head: Buffer): void {
    const script = this.scripts[Math.min(this.opened, this.scripts.length - 1)] ?? {};
    this.opened += 1;
    if (script.hang) return;
    if (script.refuse !== undefined) {
      socket.end(refusal(fill(script.refuse, this.variables)));
      return;
    }
    this.servers[script.deaf ? 1 : 0].handleUpgrade(incoming, socket, head, (webSocket) => {
      this.open.add(webSocket);
      webSocket.on("close", () => this.open.delete(webSocket)).on("error", () => undefined);
      webSocket.on("message", (data) => this.messages.push(String(data)));
      void this.play(webSocket, socket, script.steps ?? []);
    });
  }

  close(): void {
    this.closed = true;
    for (const webSocket of this.open) webSocket.terminate();
    for (const server of this.servers) server.close();
  }

  private async play(webSocket: WebSocket, socket: Socket, steps: SocketStep[]): Promise<void> {
    for (const step of steps) {
      if (step.waitFor !== undefined) await this.waitFor(step.waitFor);
      if (step.waitMs !== undefined) await pause(step.waitMs);
      if (this.closed) return;
      if (step.send !== undefined) webSocket.send(JSON.stringify(fill(step.send, this.variables)));
      if (step.text !== undefined) webSocket.send(fill(step.text, this.variables));
      if (step.binary !== undefined) webSocket.send(Buffer.from(step.binary, "base64"));
      if (step.raw !== undefined) socket.write(Buffer.from(step.raw, "base64"));
      if (step.close !== undefined) webSocket.close(step.close);
      if (step.drop) socket.destroy();
    }
  }

  private async waitFor(match: NonNullable<SocketStep["waitFor"]>): Promise<void> {
    const count = () =>
      this.received.filter((one) => one.answered && matchesRequest(match, one, this.variables)).length;
    while (!this.closed && count() < (match.count ?? 1)) await pause(5);
  }
}

function refusal(reply: Reply): string {
  const body = reply.json === undefined ? (reply.text ?? "") : JSON.stringify(reply.json);
  const headers = {
    "content-length": String(Buffer.byteLength(body)),
    connection: "close",
    ...reply.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${reply.status ?? 403} Refused`, ...lines, "", body].join("\r\n");
}
