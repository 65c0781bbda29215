import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Secret } from "../../../packages/provider/host";
import { ProviderRig } from "./support";

let rig: ProviderRig;
const project = "datacrew-dev";
const of = (token: string) => rig.driver(`gcp:${token}`);

beforeAll(async () => {
  rig = await ProviderRig.open();
});

afterAll(() => rig.sandbox.close());

beforeEach(async () => {
  rig.sandbox.reset();
  await of("projects/service:Service").create({ project, service: "secretmanager.googleapis.com" });
});

const secretInputs = {
  project,
  secretId: "comfyui-api",
  replication: { auto: {} },
  labels: { app: "comfyui" },
};
const makeSecret = () => of("secretmanager/secret:Secret").create(secretInputs);

describe("Google's side of the stack", () => {
  it("switches an API on, and off again only where asked to", async () => {
    const services = of("projects/service:Service");
    const inputs = { project, service: "iam.googleapis.com", disableOnDestroy: false };
    const { id, state } = await services.create(inputs);
    expect(id).toBe(`${project}/iam.googleapis.com`);
    await services.delete(state);
    expect(await services.read(id, state, inputs)).toMatchObject({ id, inputs });
    await services.delete({ ...state, disableOnDestroy: true });
    expect(await services.read(id, state, inputs)).toBeUndefined();
  });

  it("keeps a secret through create, refresh, update and delete", async () => {
    const secrets = of("secretmanager/secret:Secret");
    const { id, state } = await makeSecret();
    expect(id).toBe(`projects/${project}/secrets/comfyui-api`);
    expect(await secrets.read(id, state, secretInputs)).toEqual({ id, state, inputs: secretInputs });
    expect(await secrets.plan(state, secretInputs)).toEqual([]);
    expect(await secrets.plan(state, { ...secretInputs, secretId: "other" })).toEqual(["replace secretId"]);
    const changed = { ...secretInputs, labels: { app: "other" } };
    const updated = await secrets.update(state, changed);
    expect((await secrets.read(id, updated, changed))?.inputs).toEqual(changed);
    await secrets.delete(updated);
    expect(await secrets.read(id, updated)).toBeUndefined();
  });

  it("adds a version, whose data stays secret", async () => {
    const secret = await makeSecret();
    const versions = of("secretmanager/secretVersion:SecretVersion");
    const inputs = { secret: secret.id, secretData: new Secret("id:secret-value") };
    const { id, state } = await versions.create(inputs);
    expect(id).toBe(`${secret.id}/versions/1`);
    expect(state["secretData"]).toEqual(new Secret("id:secret-value"));
    expect(await versions.read(id, state, inputs)).toMatchObject({ id, inputs });
    expect(await versions.plan(state, { ...inputs, secretData: new Secret("new") })).toEqual([
      "replace secretData",
    ]);
    await versions.delete(state);
    expect(await versions.read(id, state)).toBeUndefined();
    expect(JSON.stringify(rig.sandbox.requests)).not.toContain("secret-value");
  });

  it.each([
    ["ABANDON", "ENABLED"],
    ["DISABLE", "DISABLED"],
    ["DELETE", "DESTROYED"],
  ])("leaves a version that goes with the policy %s %s", async (deletionPolicy, expected) => {
    const secret = await makeSecret();
    const versions = of("secretmanager/secretVersion:SecretVersion");
    const inputs = { secret: secret.id, deletionPolicy };
    const old = await versions.create({ ...inputs, secretData: new Secret("old") });
    await versions.create({ ...inputs, secretData: new Secret("new") });
    await versions.delete(old.state);
    const states = rig.sandbox.store.gcpSecrets.get(secret.id)?.versions.map(({ state }) => state);
    expect(states).toEqual([expected, "ENABLED"]);
  });

  it("changes the policy in place", async () => {
    const secret = await makeSecret();
    const versions = of("secretmanager/secretVersion:SecretVersion");
    const inputs = { secret: secret.id, secretData: new Secret("kept") };
    const { state } = await versions.create(inputs);
    const changed = { ...inputs, deletionPolicy: "ABANDON" };
    expect(await versions.plan(state, changed)).toEqual(["update deletionPolicy"]);
    await versions.delete(await versions.update(state, changed));
    expect(rig.sandbox.store.gcpSecrets.get(secret.id)?.versions[0]?.state).toBe("ENABLED");
  });

  it("grants a reader without touching others, and takes only its own grant back", async () => {
    const secret = await makeSecret();
    const readers = of("secretmanager/secretIamMember:SecretIamMember");
    const grant = (member: string) => ({
      project,
      secretId: secret.id,
      role: "roles/secretmanager.secretAccessor",
      member,
    });
    const first = await readers.create(grant("user:a@datacrew.space"));
    const second = await readers.create(grant("user:b@datacrew.space"));
    await readers.delete(second.state);
    expect(await readers.read(second.id, second.state)).toBeUndefined();
    expect(await readers.read(first.id, first.state)).toMatchObject({ id: first.id });
  });

  it("grants several readers at once, and anew when the answer to a grant was lost", async () => {
    const secret = await makeSecret();
    const readers = of("secretmanager/secretIamMember:SecretIamMember");
    const role = "roles/secretmanager.secretAccessor";
    const members = ["user:a@datacrew.space", "user:b@datacrew.space", "user:c@datacrew.space"];
    rig.sandbox.faults.add({ method: "POST", pathRegex: ":setIamPolicy$", action: "drop-after" });
    await Promise.all(
      members.map((member) => readers.create({ project, secretId: secret.id, role, member })),
    );
    expect(rig.sandbox.store.gcpSecrets.get(secret.id)?.iam.bindings).toEqual([{ role, members }]);
  });

  it("lists a project's secrets, without their values", async () => {
    await makeSecret();
    const answer = await rig.provider.invoke?.({
      token: "gcp:secretmanager/getSecrets:getSecrets",
      args: { project },
    });
    const name = `projects/${project}/secrets/comfyui-api`;
    expect(answer?.result).toMatchObject({
      project,
      secrets: [{ name, project, secretId: "comfyui-api" }],
    });
  });

  it("says which project is missing", async () => {
    const { project: _, ...inputs } = secretInputs;
    await expect(of("secretmanager/secret:Secret").create(inputs)).rejects.toThrow(
      "pulumi config set gcp:project",
    );
  });
});
