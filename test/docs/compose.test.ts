import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { dockerUrl } from "../../packages/cli/sandboxed/access";
import { envValues } from "../../packages/cli/secrets/credentials";

const root = join(__dirname, "../..");
const read = (file: string) => readFileSync(join(root, file), "utf8");

interface Service {
  image: string;
  restart: string;
  ports?: unknown;
  network_mode?: string;
  environment: Record<string, string>;
  healthcheck: { test: string[] };
  read_only?: boolean;
  privileged?: boolean;
}

const compose = parse(read("compose.yaml")) as { services: Record<"comfyui" | "cloudflared", Service> };
const { comfyui, cloudflared } = compose.services;
const services = Object.entries(compose.services);

describe("compose.yaml", () => {
  test.each(services)(
    "%s has no open port, comes back by itself and says whether it is well",
    (_, service) => {
      expect(service.ports).toBeUndefined();
      expect(service.network_mode).toBeUndefined();
      expect(service.privileged).toBeUndefined();
      expect(service.restart).toBe("unless-stopped");
      expect(service.healthcheck.test[0]).toBe("CMD");
    },
  );

  test.each(services)("%s has a pinned image", (_, { image }) => {
    expect(image).toMatch(/^[a-z0-9-]+\/[a-z0-9-]+:[\w.-]+$/);
    expect(image).not.toMatch(/:latest$/);
  });

  test("ComfyUI allows the address of the prod stack, which the browser comes from after the login", () => {
    const stack = parse(read("Pulumi.prod.yaml")) as {
      config: { "comfyui-access:applications": { hostname: string }[] };
    };
    const [application] = stack.config["comfyui-access:applications"];
    expect(comfyui.environment.CLI_ARGS).toBe(`--enable-cors-header https://${application?.hostname}`);
  });

  test("the services are called as the stack's `service` and the clients call them", () => {
    expect(new URL(dockerUrl).hostname in compose.services).toBe(true);
    expect(read("compose.yaml")).toContain(`service ${dockerUrl}`);
  });

  test("everything that it takes from .env is written there by `env`, and reaches cloudflared alone", () => {
    const application = { name: "comfyui", url: "https://comfyui.datacrew.space" };
    const written = envValues(
      { applications: { comfyui: application }, serviceTokens: {}, tunnel: { token: "secret" } },
      application,
      undefined,
    );
    const asked = [...read("compose.yaml").matchAll(/\$\{(\w+)/g)].map(([, name]) => name);
    expect(asked).toEqual(["TUNNEL_TOKEN"]);
    expect(Object.keys(written)).toContain("TUNNEL_TOKEN");
    expect(Object.keys(cloudflared.environment)).toEqual(["TUNNEL_TOKEN"]);
  });

  test("cloudflared writes nothing, and its health check asks where it listens", () => {
    expect(cloudflared.read_only).toBe(true);
    const { command } = cloudflared as Service & { command: string };
    const [, address] = /--metrics (\S+)/.exec(command) ?? [];
    expect(cloudflared.healthcheck.test).toContain(address);
  });
});
