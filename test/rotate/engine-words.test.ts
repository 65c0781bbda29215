import { spawn } from "node:child_process";
import { once } from "node:events";
import { hostname } from "node:os";
import { describe, expect, test } from "vitest";
import { fingerprint, UNKNOWN_SECRET } from "../../packages/cli/rotate/facts";
import { foreignChanges, isCreatedByRotation } from "../../packages/cli/rotate/foreign-changes";
import { tokensOf } from "../../packages/cli/rotate/read-tokens";
import { isGone, lockOwners } from "../../packages/cli/stack/lock";

const TYPE = "cloudflare:index/zeroTrustAccessServiceToken:ZeroTrustAccessServiceToken";
const urn = (type: string, name: string) => `urn:pulumi:dev::comfyui-access::${type}::${name}`;
const POLICY =
  "comfyui-access:components:AccessApplication$cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy";
const STORED = "comfyui-access:components:SecretStore$gcp:secretmanager/secretVersion:SecretVersion";

describe("what a preview shows besides the rotation", () => {
  const step = (op: string, type: string, name: string, ...keys: string[]) => ({
    op,
    urn: urn(type, name),
    ...(op === "create" ? {} : { oldState: { inputs: Object.fromEntries(keys.map((key) => [key, 1])) } }),
    ...(/^delete/.test(op) ? {} : { newState: { inputs: Object.fromEntries(keys.map((key) => [key, 2])) } }),
    detailedDiff: Object.fromEntries(keys.map((key) => [key, { kind: "update" }])),
  });
  const policyStep = (before: object[], after: object[]) => ({
    ...step("update", POLICY, "comfyui-service-token", "includes"),
    oldState: { inputs: { includes: before } },
    newState: { inputs: { includes: after } },
  });
  const token = (tokenId: string) => ({ serviceToken: { tokenId } });
  const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
  const foreign = (steps: object[], standIn?: { id?: string }) =>
    foreignChanges(JSON.stringify({ steps }), "comfyui-api", standIn);

  test("is nothing when there is but the rotation", () => {
    const own = [
      step("same", "cloudflare:index/dnsRecord:DnsRecord", "comfyui"),
      step("update", TYPE, "comfyui-api", "clientSecretVersion", "previousClientSecretExpiresAt"),
      step("replace", STORED, "comfyui-api", "secretData"),
      step("create-replacement", STORED, "comfyui-api", "secretData"),
      step("delete-replaced", STORED, "comfyui-api"),
    ];
    expect(foreign(own)).toEqual([]);
    const standIn = [
      step("create", TYPE, "comfyui-api-stand-in"),
      policyStep([token("own")], [token("own"), token(unknown)]),
    ];
    expect(foreign([...own, ...standIn], {})).toEqual([]);
    const gone = policyStep([token("own"), token("stand-in")], [token("own")]);
    expect(foreign([gone], { id: "stand-in" })).toEqual([]);
  });

  test("is told from the stand-in's in one and the same list", () => {
    const other = policyStep([token("own")], [token("own"), token(unknown), token("other")]);
    expect(foreign([other], {})).toEqual(["update ZeroTrustAccessPolicy comfyui-service-token"]);
    const somebody = policyStep(
      [token("own"), token("stand-in")],
      [token("own"), { email: { email: "a@b.space" } }],
    );
    expect(foreign([somebody], { id: "stand-in" })).toHaveLength(1);
  });

  test.each([
    [step("update", TYPE, "comfyui-api", "duration"), "update ZeroTrustAccessServiceToken comfyui-api"],
    [step("replace", TYPE, "comfyui-api", "accountId"), "replace ZeroTrustAccessServiceToken comfyui-api"],
    [step("delete", TYPE, "other"), "delete ZeroTrustAccessServiceToken other"],
    [
      step("update", POLICY, "comfyui-service-token", "includes"),
      "update ZeroTrustAccessPolicy comfyui-service-token",
    ],
    [step("create", "cloudflare:index/dnsRecord:DnsRecord", "b"), "create DnsRecord b"],
    [
      step("replace", STORED, "google-client-secret", "secretData"),
      "replace SecretVersion google-client-secret",
    ],
  ])("%j is named", (change, words) => {
    expect(foreign([change])).toEqual([words]);
  });

  test("is not guessed", () => {
    expect(() => foreignChanges("no JSON", "a")).toThrow("not in the known form");
    expect(isCreatedByRotation(urn(TYPE, "a-stand-in"), "a")).toBe(true);
    expect(isCreatedByRotation(urn(TYPE, "b"), "a")).toBe(false);
  });
});

describe("a lock", () => {
  const words = (pid: number, host: string) =>
    `error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with \`pulumi cancel\`.\n  file:///s/.pulumi/locks/organization/p/dev/1.json?no_tmp_dir=true: created by root@${host} (pid ${pid}) at 2026-11-25T21:22:59Z\n`;

  test("is told from other failures, with its owner", () => {
    expect(lockOwners("error: no stack named dev")).toBeUndefined();
    expect(lockOwners(words(7, "here"))).toEqual([{ user: "root", host: "here", pid: 7 }]);
  });

  test("is left by a process of this machine that is no more, and by none else", async () => {
    const child = spawn("sleep", ["0"]);
    await once(child, "close");
    const [dead] = lockOwners(words(child.pid ?? 0, hostname())) ?? [];
    if (dead === undefined) throw new Error("no owner");
    expect(isGone(dead)).toBe(true);
    expect(isGone({ ...dead, host: "elsewhere" })).toBe(false);
    // Its number was given to something that is no engine.
    expect(isGone({ ...dead, pid: process.ppid })).toBe(true);
    const engine = spawn("bash", ["-c", "exec -a pulumi sleep 20"]);
    await once(engine, "spawn");
    // bash becomes it a moment after it was started.
    await expect.poll(() => isGone({ ...dead, pid: engine.pid ?? 0 })).toBe(false);
    engine.kill();
  });
});

describe("the state", () => {
  const secret = (value: string) => ({
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    plaintext: JSON.stringify(value),
  });
  const state = (outputs: object) =>
    JSON.stringify({
      deployment: {
        resources: [
          { urn: urn(TYPE, "a"), type: TYPE, id: "1", inputs: { clientSecretVersion: 3 }, outputs },
        ],
        pending_operations: [
          { type: "creating", resource: { urn: urn(TYPE, "a-stand-in") } },
          { type: "updating", resource: { urn: urn(TYPE, "a") } },
        ],
      },
    });

  test("tells a token's version and secret, and what was broken off", () => {
    const { tokens, outputs, pendingCreates } = tokensOf(
      state({ clientId: "i", clientSecret: secret("s") }),
      "dev",
    );
    expect(tokens.get("a")).toMatchObject({
      version: 3,
      clientId: "i",
      clientSecret: "s",
      fingerprint: fingerprint("s"),
    });
    expect(outputs).toBeUndefined();
    expect(pendingCreates).toEqual([urn(TYPE, "a-stand-in")]);
  });

  test("of an imported token holds no secret", () => {
    expect(tokensOf(state({ clientId: "i" }), "dev").tokens.get("a")?.fingerprint).toBe(UNKNOWN_SECRET);
  });

  test("a fingerprint tells secrets apart and shows nothing of them", () => {
    expect(fingerprint("s")).toMatch(/^sha256-[0-9a-f]{16}$/);
    expect(fingerprint("s")).not.toBe(fingerprint("t"));
  });
});
