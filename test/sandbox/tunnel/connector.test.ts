import { describe, expect, it } from "vitest";
import { UserError } from "../../../packages/base/errors";
import { SERVICE, serve, testTunnel, tokenOf } from "./support";

const entity = ({ store, connector }: Awaited<ReturnType<typeof testTunnel>>) => {
  const tunnel = store.tunnels.get(connector.tunnelId);
  if (tunnel === undefined) throw new Error("no tunnel");
  return tunnel;
};

describe("a connector", () => {
  it("shows in the API while it is connected, and is gone afterwards", async () => {
    const fixture = await testTunnel();
    const { tunnels, connector } = fixture;
    expect(tunnels.for(connector.tunnelId)).toBe(connector);
    expect(entity(fixture).connectors).toMatchObject([{ id: connector.id }]);
    expect(entity(fixture).connectors[0]?.connections).toHaveLength(4);
    expect(entity(fixture).connsActiveAt).not.toBeNull();
    connector.disconnect();
    expect(tunnels.for(connector.tunnelId)).toBeUndefined();
    expect(entity(fixture)).toMatchObject({ connectors: [], connsActiveAt: null });
    expect(entity(fixture).connsInactiveAt).not.toBeNull();
  });

  it("is one of several; another takes over when it goes", async () => {
    const fixture = await testTunnel();
    const second = fixture.tunnels.connect({ token: tokenOf(entity(fixture)) });
    expect(entity(fixture).connectors).toHaveLength(2);
    fixture.connector.disconnect();
    expect(fixture.tunnels.for(second.tunnelId)).toBe(second);
  });

  it("no longer counts once the API has cut it off, or the sandbox was reset", async () => {
    const fixture = await testTunnel();
    fixture.store.tunnels.put({ ...entity(fixture), connectors: [] });
    expect(fixture.tunnels.for(fixture.connector.tunnelId)).toBeUndefined();
    fixture.store.reset();
    expect(fixture.tunnels.for(fixture.connector.tunnelId)).toBeUndefined();
    fixture.connector.disconnect();
    expect(fixture.store.tunnels.get(fixture.connector.tunnelId)).toBeUndefined();
  });

  it.each([
    ["nonsense", () => "nonsense"],
    ["a token without a secret", () => Buffer.from('{"a":"b","t":"c"}').toString("base64")],
    ["another secret", (token: Claims) => encoded({ ...token, s: "b3RoZXI=" })],
    ["another account", (token: Claims) => encoded({ ...token, a: "f".repeat(32) })],
    ["another tunnel", (token: Claims) => encoded({ ...token, t: "c0ffee00-0000-4000-8000-000000000000" })],
  ])("is refused with %s, and the error holds no secret", async (_, change) => {
    const fixture = await testTunnel();
    const claims: Claims = JSON.parse(Buffer.from(tokenOf(entity(fixture)), "base64").toString());
    const connect = () => fixture.tunnels.connect({ token: change(claims) });
    expect(connect).toThrow(UserError);
    expect(connect).not.toThrow(claims.s);
  });

  it("is refused for a tunnel that was deleted", async () => {
    const fixture = await testTunnel();
    const token = tokenOf(entity(fixture));
    fixture.store.tunnels.put({ ...entity(fixture), deletedAt: "2026-11-23T09:00:00.000000Z" });
    expect(() => fixture.tunnels.connect({ token })).toThrow("not one of an existing tunnel");
  });

  it("that disconnects cuts off what it serves", async () => {
    const origin = await serve((_, response) => response.write("beginning"));
    const fixture = await testTunnel({ services: { [SERVICE]: origin.url } });
    fixture.configure({ ingress: [{ service: SERVICE }] });
    const response = await fetch(fixture.url);
    const reading = response.text();
    fixture.connector.disconnect();
    await expect(reading).rejects.toThrow();
  });
});

interface Claims {
  a: string;
  t: string;
  s: string;
}

const encoded = (claims: Claims) => Buffer.from(JSON.stringify(claims)).toString("base64");
