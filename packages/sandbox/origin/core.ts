import { Executor } from "./executor";
import type { Files } from "./files";
import { Numbers } from "./prompt";
import { PromptQueue } from "./queue";
import type { OriginSettings } from "./settings";
import { Sockets } from "./sockets";

/** All that a running ComfyUI holds in memory; a restart makes a new one. */
export interface Core {
  queue: PromptQueue;
  sockets: Sockets;
  executor: Executor;
  numbers: Numbers;
  /** What a `status` event says: how many prompts are left. */
  queueInfo(): { exec_info: { queue_remaining: number } };
  /** What `/features` answers. */
  features(): Record<string, unknown>;
  /** Cuts the sockets off and stops working the queue off. */
  close(): void;
}

/** A ComfyUI that has just started. */
export function createCore(settings: OriginSettings, files: Files): Core {
  const queueInfo = () => ({ exec_info: { queue_remaining: queue.remaining } });
  const features = () => ({
    supports_preview_metadata: true,
    max_upload_size: settings.maxUploadSize * 1024 * 1024,
  });
  const queue = new PromptQueue(
    () => {
      sockets.send("status", { status: queueInfo() });
      executor.wake();
    },
    () => settings.maxHistory,
  );
  const sockets: Sockets = new Sockets({
    settings,
    features,
    greet: (clientId) => [["status", { status: queueInfo(), sid: clientId }], ...executor.resumed(clientId)],
  });
  const executor: Executor = new Executor({ queue, sockets, files, settings });
  void executor.work();
  return {
    queue,
    sockets,
    executor,
    numbers: new Numbers(),
    queueInfo,
    features,
    close() {
      executor.close();
      sockets.close();
    },
  };
}
