import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  PartialFailure,
  type ProviderImpl,
  Secret,
  type ServedProvider,
  serveProvider,
  UNKNOWN,
} from "../../packages/provider/host";
import { fromStruct, toStruct } from "../../packages/provider/host/codec";

const urn = "urn:pulumi:dev::project::my:component:Parent$my:index:Thing::name";

/** A provider of one type, whose parts each test replaces. */
const thing: ProviderImpl = {
  version: "1.2.3",
  check: async ({ inputs }) => ({ inputs, failures: [{ property: "name", reason: "is too short" }] }),
  diff: async () => ({
    changes: [
      { path: "list[0].uri", kind: "update" },
      { path: "type", kind: "add", replace: true },
    ],
  }),
  create: async ({ type, name, inputs, preview }) =>
    preview ? { id: "", state: { ...inputs, aud: UNKNOWN } } : { id: `${type}/${name}`, state: inputs },
  read: async () => undefined,
  update: async ({ inputs }) => inputs,
  delete: async () => {
    throw new Error("the thing is in use");
  },
};

let served: ServedProvider;
let client: ResourceProviderClient;

async function serve(provider: ProviderImpl): Promise<void> {
  served = await serveProvider(provider);
  client = new ResourceProviderClient(`127.0.0.1:${served.port}`, grpc.credentials.createInsecure());
}

type Method = "check" | "configure" | "create" | "delete" | "diff" | "read";

/** Calls a method by name; the generated client has one overload per way to call, which hides the types. */
function call<Response>(method: Method, request: object): Promise<Response> {
  const run = client[method].bind(client) as unknown as (
    request: object,
    callback: (error: grpc.ServiceError | null, response: Response) => void,
  ) => void;
  return new Promise((resolve, reject) => {
    run(request, (error, response) => (error ? reject(error) : resolve(response)));
  });
}

beforeEach(() => serve(thing));

afterEach(async () => {
  client.close();
  await served.close();
});

describe("a served provider", () => {
  it("says what it can do", async () => {
    const answer = await call<proto.ConfigureResponse>("configure", new proto.ConfigureRequest());
    expect(answer.toObject()).toMatchObject({
      acceptsecrets: true,
      supportspreview: true,
      acceptoutputs: false,
    });
  });

  it("hands over which resource it is, and keeps secrets", async () => {
    const request = new proto.CreateRequest().setUrn(urn).setProperties(toStruct({ key: new Secret("s") }));
    const answer = await call<proto.CreateResponse>("create", request);
    expect(answer.getId()).toBe("my:index:Thing/name");
    expect(fromStruct(answer.getProperties())).toEqual({ key: new Secret("s") });
  });

  it("lets the provider compute a preview", async () => {
    const request = new proto.CreateRequest().setUrn(urn).setPreview(true).setProperties(toStruct({}));
    expect(fromStruct((await call<proto.CreateResponse>("create", request)).getProperties())).toEqual({
      aud: UNKNOWN,
    });
  });

  it("reports why inputs are refused", async () => {
    const answer = await call<proto.CheckResponse>(
      "check",
      new proto.CheckRequest().setUrn(urn).setNews(toStruct({ name: "" })),
    );
    expect(answer.toObject().failuresList).toEqual([{ property: "name", reason: "is too short" }]);
  });

  it("reports changes with their paths and which of them replace", async () => {
    const answer = await call<proto.DiffResponse>("diff", new proto.DiffRequest().setUrn(urn));
    expect(answer.getChanges()).toBe(proto.DiffResponse.DiffChanges.DIFF_SOME);
    expect(answer.getDiffsList()).toEqual(["list", "type"]);
    expect(answer.getReplacesList()).toEqual(["type"]);
    const kinds = [...answer.getDetaileddiffMap().entries()].map(([path, diff]) => [path, diff.getKind()]);
    expect(kinds).toEqual([
      ["list[0].uri", proto.PropertyDiff.Kind.UPDATE],
      ["type", proto.PropertyDiff.Kind.ADD_REPLACE],
    ]);
  });

  it("says with an empty id that an object is gone", async () => {
    expect(
      (await call<proto.ReadResponse>("read", new proto.ReadRequest().setUrn(urn).setId("x"))).getId(),
    ).toBe("");
  });

  it("passes an error's message on", async () => {
    await expect(call("delete", new proto.DeleteRequest().setUrn(urn))).rejects.toThrow(
      "the thing is in use",
    );
  });

  it("tells of an object that was made and is not as it should be", async () => {
    client.close();
    await served.close();
    await serve({
      ...thing,
      create: async ({ inputs }) => {
        throw new PartialFailure("id-1", { key: new Secret("s") }, inputs, "the list was overwritten");
      },
    });
    const request = new proto.CreateRequest().setUrn(urn).setProperties(toStruct({ a: 1 }));
    const error: grpc.ServiceError = await call<proto.CreateResponse>("create", request).then(
      () => expect.unreachable(),
      (reason) => reason,
    );
    const [header] = error.metadata.get("grpc-status-details-bin");
    const [detail] = Status.deserializeBinary(header as Buffer).getDetailsList();
    const failed = proto.ErrorResourceInitFailed.deserializeBinary(
      detail?.getValue_asU8() ?? new Uint8Array(),
    );
    expect(failed.getId()).toBe("id-1");
    expect(fromStruct(failed.getProperties())).toEqual({ key: new Secret("s") });
    expect(failed.getReasonsList()).toEqual(["the list was overwritten"]);
  });

  it("says which port is taken", async () => {
    await expect(serveProvider(thing, { port: served.port })).rejects.toThrow(String(served.port));
  });
});
