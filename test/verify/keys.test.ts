import { generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { checkJwt } from "../../packages/cli/verify/keys";

const NOW = new Date("2026-11-23T12:00:00Z");
const LATER = NOW.getTime() / 1000 + 3600;
const team = generateKeyPairSync("rsa", { modulusLength: 2048 });
const other = generateKeyPairSync("rsa", { modulusLength: 2048 });
const keys = [{ ...team.publicKey.export({ format: "jwk" }), kid: "team" }];
const claims = { iss: "https://datacrew.cloudflareaccess.com", aud: ["a"], email: "a@b.c", exp: LATER };

function jwt(header: object, body: object, key = team.privateKey): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part(header)}.${part(body)}`;
  return `${text}.${sign("sha256", Buffer.from(text), key).toString("base64url")}`;
}

describe("a JWT of Access", () => {
  test("that is good says who and what it is for, with an audience as text or as a list", () => {
    const header = { alg: "RS256", kid: "team" };
    expect(checkJwt(jwt(header, claims), keys, NOW)).toEqual({
      issuer: claims.iss,
      audiences: ["a"],
      email: "a@b.c",
    });
    expect(checkJwt(jwt(header, { ...claims, aud: "a" }), keys, NOW).audiences).toEqual(["a"]);
  });

  test.each<[string, string, RegExp]>([
    ["no signature", jwt({ alg: "none", kid: "team" }, claims), /algorithm is none/],
    ["another algorithm", jwt({ alg: "HS256", kid: "team" }, claims), /algorithm is HS256/],
    ["an unknown key", jwt({ alg: "RS256", kid: "x" }, claims), /not among the team's/],
    ["another key", jwt({ alg: "RS256", kid: "team" }, claims, other.privateKey), /signature is wrong/],
    ["its time over", jwt({ alg: "RS256", kid: "team" }, { ...claims, exp: 1 }), /expired/],
    ["no end", jwt({ alg: "RS256", kid: "team" }, { ...claims, exp: undefined }), /expired/],
    ["no form", "abc", /no JWT/],
  ])("with %s is not good", (_, text, fault) => {
    expect(checkJwt(text, keys, NOW).fault).toMatch(fault);
  });
});
