import { afterEach, expect, test } from "vitest";
import { rotation, ServiceToken } from "../../components/service-token";
import { UserError } from "../../packages/base/errors";
import { type Recorder, startMocks } from "../support/mocks";

let run: Recorder;
afterEach(() => run?.settled());

test("a token that was never rotated sends neither of the rotation's two inputs", async () => {
  run = await startMocks("update");
  new ServiceToken("comfyui-api", { accountId: "account", duration: "8760h", version: 1, protect: false });
  await run.settled();
  const token = run.resource("ZeroTrustAccessServiceToken", "comfyui-api");
  expect(token.inputs).toEqual({ accountId: "account", name: "comfyui-api", duration: "8760h" });
  expect([token.protect, token.retainOnDelete]).toEqual([false, false]);
});

test("a rotated token sends both", () => {
  expect(rotation("t", { version: 2, previousExpiresAt: "2027-01-31T00:00:00Z" })).toEqual({
    clientSecretVersion: 2,
    previousClientSecretExpiresAt: "2027-01-31T00:00:00Z",
  });
});

test.each([{ version: 2 }, { version: 1, previousExpiresAt: "2027-01-31T00:00:00Z" }])(
  "one without the other is refused: %o",
  (half) => {
    expect(() => rotation("t", half)).toThrow(UserError);
  },
);

test("a protected token also stays in the account when the stack goes", async () => {
  run = await startMocks("update");
  new ServiceToken("comfyui-api", { accountId: "account", duration: "8760h", version: 1, protect: true });
  await run.settled();
  const token = run.resource("ZeroTrustAccessServiceToken", "comfyui-api");
  expect([token.protect, token.retainOnDelete]).toEqual([true, true]);
});
