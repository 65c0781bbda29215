import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openRequests } from "../../packages/cli/verify/requests";

let silent: Server;
beforeAll(async () => {
  silent = createServer(() => {}).on("upgrade", () => {});
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  silent.closeAllConnections();
  silent.close();
});

test.each([false, true])("no answer in time is that, by its code alone (upgrade: %s)", async (upgrade) => {
  const requests = openRequests({}, 150);
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/ws`;
  const answer = await requests.ask({ method: "GET", url, ...(upgrade ? { upgrade } : {}) });
  expect(answer).toMatchObject({ kind: "unreachable", reason: "timeout", detail: expect.any(String) });
  await requests.close();
});
