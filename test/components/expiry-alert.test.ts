import { afterEach, expect, test } from "vitest";
import { ExpiryAlert } from "../../components/expiry-alert";
import { type Recorder, startMocks } from "../support/mocks";

let run: Recorder;
afterEach(() => run?.settled());

test("every address is told of expiring tokens and of the tunnel's health", async () => {
  run = await startMocks("update");
  const emails = ["ops@datacrew.space", "me@datacrew.space"];
  new ExpiryAlert("alerts", { accountId: "account", emails, prefix: "comfyui-access-dev" });
  await run.settled();
  const alerts = run.resources.filter(({ custom }) => custom);
  expect(alerts.map(({ inputs }) => inputs)).toEqual([
    expect.objectContaining({
      name: "comfyui-access-dev token-expiry",
      alertType: "expiring_service_token_alert",
    }),
    expect.objectContaining({ name: "comfyui-access-dev tunnel-health", alertType: "tunnel_health_event" }),
  ]);
  for (const { inputs, parent } of alerts) {
    expect(inputs.mechanisms).toEqual({ emails: emails.map((id) => ({ id })) });
    expect(parent).toBe(run.resource("ExpiryAlert", "alerts").urn);
  }
});
