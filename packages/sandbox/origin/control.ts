import type { Core } from "./core";
import type { NodeFailure } from "./executor";
import { textFrame } from "./frames";

/** What a test does to ComfyUI behind its clients' backs. */
export interface OriginControl {
  /** Lets the next node of a class fail. */
  failNode(failure: NodeFailure): void;
  /** Stops whatever runs, as somebody else's POST /interrupt would. */
  interrupt(): void;
  /** No further prompt is started until `resume`. */
  pause(): void;
  resume(): void;
  /** The running prompt stands still until `release`. */
  hold(): void;
  release(): void;
  /** Closes sockets (all, or one client's); `abrupt` without a close frame. */
  dropSockets(options?: { abrupt?: boolean; clientId?: string; code?: number }): void;
  /** Sends no events any more, or sends them again; prompts go on and sockets stay open. */
  muteEvents(muted: boolean): void;
  /** Sends an event of the test's own, to one client or to all. */
  sendEvent(type: string, data: unknown, clientId?: string): void;
  /** Sends a binary frame of the test's own. */
  sendBinary(frame: Buffer, clientId?: string): void;
  /** Sends text about a node, as partner nodes do. */
  sendProgressText(nodeId: string, text: string, clientId?: string): void;
  /** Takes one prompt, or all, out of history. */
  evictHistory(promptId?: string): void;
  /** Starts ComfyUI anew: sockets are cut off; queue, history and cache are gone; files stay. */
  restart(): void;
  /** Client ids that events can reach, and how many sockets are open. */
  sockets(): { clientIds: string[]; open: number };
}

/** The handles on the core that runs now. */
export function createControl(core: () => Core, restart: () => void): OriginControl {
  const change = (state: { paused?: boolean; held?: boolean }) => {
    Object.assign(core().executor, state);
    core().executor.wake();
  };
  return {
    failNode: (failure) => void core().executor.failures.push({ ...failure }),
    interrupt: () => core().executor.interrupt(),
    pause: () => change({ paused: true }),
    resume: () => change({ paused: false }),
    hold: () => change({ held: true }),
    release: () => change({ held: false }),
    dropSockets: (options) => core().sockets.drop(options),
    muteEvents(muted) {
      core().sockets.muted = muted;
    },
    sendEvent: (type, data, clientId) => core().sockets.send(type, data, clientId),
    sendBinary: (frame, clientId) => core().sockets.sendBinary(frame, clientId),
    sendProgressText: (nodeId, text, clientId) =>
      core().sockets.sendBinary(textFrame(nodeId, text), clientId),
    evictHistory: (promptId) =>
      promptId === undefined ? core().queue.clearHistory() : core().queue.evict(promptId),
    restart,
    sockets: () => ({ clientIds: core().sockets.clientIds, open: core().sockets.size }),
  };
}
