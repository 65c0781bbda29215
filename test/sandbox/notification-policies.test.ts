import { describe, expect, it } from "vitest";
import { ACCOUNT, testClient } from "./client";

const PATH = `${ACCOUNT}/alerting/v3/policies`;
const policy = {
  name: "token expiry",
  alert_type: "expiring_service_token_alert",
  enabled: true,
  mechanisms: { email: [{ id: "ann@datacrew.space" }] },
};

describe("notification policies", () => {
  it("answer the id alone to a write, and everything to a read", async () => {
    const client = testClient();
    const { result } = await client.post(PATH, policy);
    expect(Object.keys(result)).toEqual(["id"]);
    expect((await client.get(`${PATH}/${result.id}`)).result).toMatchObject({ id: result.id, ...policy });
    expect((await client.put(`${PATH}/${result.id}`, { ...policy, enabled: false })).result).toEqual({
      id: result.id,
    });
    expect((await client.get(PATH)).result).toMatchObject([{ id: result.id, enabled: false }]);
    expect((await client.del(`${PATH}/${result.id}`)).body.success).toBe(true);
    expect((await client.get(`${PATH}/${result.id}`)).status).toBe(404);
  });

  it("need somewhere to send to", async () => {
    const { status, text } = await testClient().post(PATH, { ...policy, mechanisms: {} });
    expect(status).toBe(400);
    expect(text).toContain("mechanisms");
  });
});
