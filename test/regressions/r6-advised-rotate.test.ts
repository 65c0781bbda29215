import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { editConfig } from "../../packages/cli/adopt/edit-config";
import { ConfigEdit, nextVersion, tokenEntry } from "../../packages/cli/rotate/edit-config";
import { commandsHere } from "../../packages/cli/sandboxed/commands-here";
import { selectToken } from "../../packages/cli/secrets/credentials";

const MINIMAL = `# what we know
config:
  p:accountId: 0123456789abcdef0123456789abcdef
  p:zone: datacrew.space   # the zone
`;
const until = new Date("2090-01-02T00:00:00Z");

describe("R6: a config that lists no service token has comfyui-api", () => {
  test("which is read as the program reads it", () => {
    expect(tokenEntry(MINIMAL, "p", "comfyui-api")).toMatchObject({ version: 1, duration: "8760h" });
    expect(() => tokenEntry(MINIMAL, "p", "other")).toThrow(/no service token other/);
    expect(() => tokenEntry(`${MINIMAL}  p:serviceTokens: []\n`, "p", "comfyui-api")).toThrow();
  });

  test("and lists it once it is rotated, with every other line as it was", () => {
    const raised = nextVersion(MINIMAL, "p", "comfyui-api", until);
    expect(raised.startsWith(MINIMAL)).toBe(true);
    expect(parse(raised).config["p:serviceTokens"]).toEqual([
      {
        name: "comfyui-api",
        version: 101,
        previousExpiresAt: "2090-01-02T00:00:00Z",
        rotation: { version: 101 },
      },
    ]);
  });

  test("and keeps it beside its stand-in", () => {
    const text = new ConfigEdit(MINIMAL, "p")
      .setEnd("comfyui-api", until)
      .setStandIn("comfyui-api-stand-in", "96h", { for: "comfyui-api" })
      .toString();
    const names = parse(text).config["p:serviceTokens"].map(({ name }: { name: string }) => name);
    expect(names).toEqual(["comfyui-api", "comfyui-api-stand-in"]);
  });
});

test("R6: the rotation that env advises is of the stack that it was asked about", () => {
  const outputs = {
    applications: {},
    serviceTokens: { "comfyui-api": { clientId: "id.access", clientSecret: null, expiresAt: "" } },
  };
  const advised = (place: { stack: string; sandboxed: boolean }) => {
    try {
      selectToken(outputs as never);
      return "";
    } catch (error) {
      return commandsHere((error as Error).message, place);
    }
  };
  expect(advised({ stack: "live", sandboxed: false })).toMatch(
    /npm run rotate -- --stack live --token comfyui-api/,
  );
  expect(advised({ stack: "live", sandboxed: true })).toMatch(/--stack live --sandbox/);
  expect(advised({ stack: "dev", sandboxed: true })).toMatch(/npm run rotate -- --token comfyui-api/);
});

test("R6: adopt writes what it finds of a token that the config has by default beside its name", () => {
  const changes = [{ path: ["serviceTokens", 0, "duration"], value: "17520h", why: "as the token is" }];
  const raw = { serviceTokens: [{ name: "comfyui-api" }] };
  const text = editConfig(MINIMAL, "p", changes, "Pulumi.live.yaml", raw);
  expect(parse(text).config["p:serviceTokens"]).toEqual([{ name: "comfyui-api", duration: "17520h" }]);
  expect(text.startsWith(MINIMAL)).toBe(true);
});
