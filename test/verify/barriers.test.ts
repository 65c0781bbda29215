import { expect, test } from "vitest";
import { ApiError } from "../../packages/base/errors";
import { barrierRows } from "../../packages/cli/verify/barriers";
import { exitCode, summarize, type VerifyRow } from "../../packages/cli/verify/report";
import type { Requests } from "../../packages/cli/verify/requests";
import type { LiveIngressRule, VerifyTarget } from "../../packages/cli/verify/target";

const nothingAsked: Requests = {
  ask: () => Promise.reject(new Error("nothing is asked here")),
  close: () => Promise.resolve(),
};

const AUD = "a".repeat(64);

/** The row of the connector's own check, and a row that passed for the exit code to stand on. */
async function connectorRow(readIngress?: VerifyTarget["readIngress"]): Promise<VerifyRow | undefined> {
  const applications = [{ name: "comfyui", url: "https://comfyui.datacrew.space", aud: AUD }];
  const target: VerifyTarget = { environment: "test", applications, ...(readIngress && { readIngress }) };
  const rows = await barrierRows(target, nothingAsked, () => {});
  return rows.find(({ id }) => id === "comfyui/barriers/connector");
}

const rules = (...given: LiveIngressRule[]) => connectorRow(() => Promise.resolve(given));

const codeBeside = (row: VerifyRow | undefined) => {
  const sound: VerifyRow = {
    id: "comfyui/nobody/page",
    group: "matrix",
    who: "no credential",
    what: "page",
    expected: "",
    got: "",
    result: "passed",
    ms: 0,
  };
  return exitCode({ summary: summarize([sound, ...(row === undefined ? [] : [row])]) });
};

test("rules of the tunnel that could not be read leave the second barrier undecided, never green", async () => {
  const row = await connectorRow(() =>
    Promise.reject(new ApiError({ action: "read", object: "the tunnel's configuration", status: 403 })),
  );
  expect(row).toMatchObject({
    result: "undecided",
    finding: { code: "rules-unseen", severity: "warning", where: "comfyui/barriers/connector" },
  });
  expect(row?.cause).toContain("HTTP 403");
  expect(codeBeside(row)).toBe(3);
});

test("without an API token there is nothing to read the rules with", async () => {
  const row = await connectorRow();
  expect(row).toMatchObject({ result: "not-applicable", detail: "no API token was given" });
  expect(codeBeside(row)).toBe(0);
});

test("a fault of the program's own is no row", async () => {
  await expect(connectorRow(() => Promise.reject(new TypeError("x is not a function")))).rejects.toThrow(
    TypeError,
  );
});

const rule = (access: { required?: boolean; teamName?: string; audTag?: string[] }): LiveIngressRule => ({
  hostname: "comfyui.datacrew.space",
  service: "http://localhost:8188",
  originRequest: { access },
});

test("a host name without a rule is told apart from a rule that checks for another application", async () => {
  const bare = await rules({ service: "http_status:404" });
  expect(bare).toMatchObject({ result: "failed", finding: { code: "no-rule" } });
  expect(bare?.cause).not.toContain("another application");
  const other = await rules(rule({ required: true, audTag: ["b".repeat(64)] }));
  expect(other?.finding?.code).toBe("jwt-for-another");
  const off = await rules(rule({ required: false, audTag: [AUD] }));
  expect(off?.finding?.code).toBe("jwt-not-required");
  expect((await rules(rule({ required: true, audTag: [AUD] })))?.result).toBe("passed");
});
