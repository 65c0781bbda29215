import { afterEach, expect, test } from "vitest";
import { SecretStore } from "../../components/secret-store";
import { type Recorder, SECRET, startMocks } from "../support/mocks";

let run: Recorder;
afterEach(() => run?.settled());

const args = {
  project: "datacrew-dev",
  prefix: "comfyui-access-dev",
  readers: ["serviceAccount:a@b.iam.gserviceaccount.com", "group:crew@datacrew.space"],
  secrets: {
    "comfyui-api": { value: "id:secret", readable: true },
    "google-client-secret": { value: "GOCSPX-value", readable: false },
  },
};

test.each(["preview", "update"] as const)(
  "keeps each value as a secret, after the API is enabled, in %s",
  async (mode) => {
    run = await startMocks(mode);
    new SecretStore("secret-store", args);
    await run.settled();
    const service = run.resource("Service", "secret-store-api");
    expect(service.inputs).toEqual({
      project: "datacrew-dev",
      service: "secretmanager.googleapis.com",
      disableOnDestroy: false,
    });
    for (const name of ["comfyui-api", "google-client-secret"]) {
      const secret = run.resource("Secret", name);
      expect(secret.inputs).toMatchObject({
        secretId: `comfyui-access-dev-${name}`,
        replication: { auto: {} },
      });
      expect(secret.dependencies).toEqual([service.urn]);
      const version = run.resource("SecretVersion", name);
      expect(version.inputs.secretData).toBe(SECRET);
      expect(version.inputs.deletionPolicy).toBe("ABANDON");
      expect(version.dependencies).toEqual([secret.urn]);
    }
    const component = run.resource("SecretStore", "secret-store").urn;
    const children = run.resources.filter(({ custom }) => custom);
    expect(children.every(({ parent }) => parent === component)).toBe(true);
    expect(new Set(run.resources.map(({ urn }) => urn)).size).toBe(run.resources.length);
  },
);

test("readers may read the token's credentials, and nobody the OAuth client's secret", async () => {
  run = await startMocks("update");
  new SecretStore("secret-store", args);
  await run.settled();
  const grants = run.resources.filter(({ type }) => type.endsWith(":SecretIamMember"));
  expect(grants.map(({ inputs }) => inputs)).toEqual(
    args.readers.map((member) => ({
      project: "datacrew-dev",
      secretId: "comfyui-access-dev-comfyui-api",
      role: "roles/secretmanager.secretAccessor",
      member,
    })),
  );
});

test("no value is in the component's own state", async () => {
  run = await startMocks("update");
  new SecretStore("secret-store", args);
  await run.settled();
  expect(run.resource("SecretStore", "secret-store").plain).toEqual({});
});
