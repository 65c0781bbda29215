import * as grpc from "@grpc/grpc-js";
import { type PluginAttach, PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { fromStruct, toStruct } from "./codec";
import { changesBetween, topLevel } from "./diff";
import { EngineLog } from "./engine-log";
import {
  type CheckFailure,
  type DiffResult,
  PartialFailure,
  type ProviderImpl,
  type ResourceContext,
} from "./provider";
import { packageOf, parseUrn } from "./urn";

export interface ServeOptions {
  /** Loopback port to listen on; default 0, any free one. */
  port?: number;
  /** host:port of the engine, when it started this process. */
  engineAddress?: string;
}

export interface ServedProvider {
  port: number;
  /** Stops at once; calls under way are cut off. */
  close(): Promise<void>;
}

// One resource can be large; gRPC's own 4 MiB limit is not Pulumi's.
const MAX_MESSAGE_BYTES = 400 * 1024 * 1024;

/**
 * Serves a provider on the gRPC protocol of Pulumi's engine, on the loopback address alone.
 * Secrets are passed through, unknowns too, and previews are computed by the provider.
 * @see https://github.com/pulumi/pulumi/blob/master/proto/pulumi/provider.proto
 */
export async function serveProvider(
  provider: ProviderImpl,
  options: ServeOptions = {},
): Promise<ServedProvider> {
  const log = new EngineLog();
  if (options.engineAddress !== undefined) log.connect(options.engineAddress);
  const server = new grpc.Server({
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
  });
  server.addService(ResourceProviderService, handlers(provider, log));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(
      `127.0.0.1:${options.port ?? 0}`,
      grpc.ServerCredentials.createInsecure(),
      (error, bound) => (error ? reject(error) : resolve(bound)),
    );
  });
  return {
    port,
    async close() {
      log.close();
      server.forceShutdown();
    },
  };
}

type Handler<Request, Response> = grpc.handleUnaryCall<Request, Response>;

function handlers(provider: ProviderImpl, log: EngineLog): grpc.UntypedServiceImplementation {
  const context = (request: { getUrn(): string }): ResourceContext => {
    const urn = request.getUrn();
    return { urn, ...parseUrn(urn), warn: (message) => log.warn(urn, message) };
  };

  return {
    handshake: unary((request: proto.ProviderHandshakeRequest) => {
      log.connect(request.getEngineAddress());
      return new proto.ProviderHandshakeResponse().setAcceptSecrets(true);
    }),

    attach: unary((request: PluginAttach) => {
      log.connect(request.getAddress());
      return new Empty();
    }),

    getPluginInfo: unary(() => new PluginInfo().setVersion(provider.version)),

    getSchema: unary(() => new proto.GetSchemaResponse().setSchema(provider.getSchema?.() ?? "{}")),

    checkConfig: unary(async (request: proto.CheckRequest) => {
      const inputs = fromStruct(request.getNews());
      return checkResponse((await provider.checkConfig?.(inputs)) ?? { inputs });
    }),

    diffConfig: unary((request: proto.DiffRequest) => {
      const before = fromStruct(request.getOldInputs() ?? request.getOlds());
      return diffResponse({ changes: changesBetween(before, fromStruct(request.getNews())) });
    }),

    configure: unary(async (request: proto.ConfigureRequest) => {
      const type = request.getType() ?? "";
      await provider.configure?.({
        package: type.startsWith("pulumi:providers:") ? type.split(":").at(-1) : undefined,
        args: fromStruct(request.getArgs()),
      });
      return new proto.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
    }),

    check: unary(async (request: proto.CheckRequest) =>
      checkResponse(
        await provider.check({
          ...context(request),
          oldInputs: request.hasOlds() ? fromStruct(request.getOlds()) : undefined,
          inputs: fromStruct(request.getNews()),
        }),
      ),
    ),

    diff: unary(async (request: proto.DiffRequest) =>
      diffResponse(
        await provider.diff({
          ...context(request),
          id: request.getId(),
          oldInputs: fromStruct(request.getOldInputs()),
          state: fromStruct(request.getOlds()),
          inputs: fromStruct(request.getNews()),
          ignoreChanges: request.getIgnorechangesList(),
        }),
      ),
    ),

    create: unary(async (request: proto.CreateRequest) => {
      const { id, state } = await provider.create({
        ...context(request),
        inputs: fromStruct(request.getProperties()),
        preview: request.getPreview(),
      });
      return new proto.CreateResponse().setId(id).setProperties(toStruct(state));
    }),

    read: unary(async (request: proto.ReadRequest) => {
      const found = await provider.read({
        ...context(request),
        id: request.getId(),
        state: fromStruct(request.getProperties()),
        inputs: fromStruct(request.getInputs()),
      });
      // An empty id is the protocol's word for "gone".
      if (found === undefined) return new proto.ReadResponse();
      return new proto.ReadResponse()
        .setId(found.id)
        .setProperties(toStruct(found.state))
        .setInputs(toStruct(found.inputs));
    }),

    update: unary(async (request: proto.UpdateRequest) => {
      const state = await provider.update({
        ...context(request),
        id: request.getId(),
        oldInputs: fromStruct(request.getOldInputs()),
        state: fromStruct(request.getOlds()),
        inputs: fromStruct(request.getNews()),
        ignoreChanges: request.getIgnorechangesList(),
        preview: request.getPreview(),
      });
      return new proto.UpdateResponse().setProperties(toStruct(state));
    }),

    delete: unary(async (request: proto.DeleteRequest) => {
      await provider.delete({
        ...context(request),
        id: request.getId(),
        state: fromStruct(request.getProperties()),
      });
      return new Empty();
    }),

    invoke: unary(async (request: proto.InvokeRequest) => {
      const token = request.getTok();
      if (provider.invoke === undefined) throw new Error(`${packageOf(token)} has no function ${token}`);
      const { result, failures } = await provider.invoke({ token, args: fromStruct(request.getArgs()) });
      return new proto.InvokeResponse()
        .setReturn(toStruct(result))
        .setFailuresList((failures ?? []).map(failureMessage));
    }),

    cancel: unary(() => {
      provider.cancel?.();
      return new Empty();
    }),
  };
}

/** Wraps a function of request to response; what it throws becomes a gRPC error with the same message. */
function unary<Request, Response>(
  answer: (request: Request) => Response | Promise<Response>,
): Handler<Request, Response> {
  return async (call, callback) => {
    try {
      callback(null, await answer(call.request));
    } catch (error) {
      callback(grpcError(error));
    }
  };
}

function grpcError(error: unknown): Partial<grpc.StatusObject> {
  const details = error instanceof Error ? error.message : String(error);
  const status = { code: grpc.status.UNKNOWN, details };
  if (!(error instanceof PartialFailure)) return status;
  const failed = new proto.ErrorResourceInitFailed()
    .setId(error.id)
    .setProperties(toStruct(error.state))
    .setInputs(toStruct(error.inputs))
    .setReasonsList([error.reason]);
  return {
    ...status,
    metadata: detailMetadata(status, failed.serializeBinary(), "pulumirpc.ErrorResourceInitFailed"),
  };
}

/** gRPC carries structured error details in this one header, as a serialised Status. */
function detailMetadata(
  status: { code: number; details: string },
  detail: Uint8Array,
  typeName: string,
): grpc.Metadata {
  const packed = new Any();
  packed.pack(detail, typeName);
  const message = new Status().setCode(status.code).setMessage(status.details).setDetailsList([packed]);
  const metadata = new grpc.Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(message.serializeBinary()));
  return metadata;
}

function checkResponse(result: { inputs: Parameters<typeof toStruct>[0]; failures?: CheckFailure[] }) {
  return new proto.CheckResponse()
    .setInputs(toStruct(result.inputs))
    .setFailuresList((result.failures ?? []).map(failureMessage));
}

function failureMessage(failure: CheckFailure): proto.CheckFailure {
  return new proto.CheckFailure().setProperty(failure.property).setReason(failure.reason);
}

function diffResponse(result: DiffResult): proto.DiffResponse {
  const { DiffChanges } = proto.DiffResponse;
  const { Kind } = proto.PropertyDiff;
  const kinds = {
    add: { change: Kind.ADD, replace: Kind.ADD_REPLACE },
    delete: { change: Kind.DELETE, replace: Kind.DELETE_REPLACE },
    update: { change: Kind.UPDATE, replace: Kind.UPDATE_REPLACE },
  };
  const names = (changes: DiffResult["changes"]) => [...new Set(changes.map(({ path }) => topLevel(path)))];
  const detailed = result.detailed ?? true;
  const response = new proto.DiffResponse()
    .setChanges(result.changes.length > 0 ? DiffChanges.DIFF_SOME : DiffChanges.DIFF_NONE)
    .setDiffsList([...new Set([...names(result.changes), ...(result.renewed ?? [])])].sort())
    .setReplacesList(names(result.changes.filter(({ replace }) => replace)))
    .setDeletebeforereplace(result.deleteBeforeReplace ?? false)
    .setHasdetaileddiff(detailed);
  if (!detailed) return response;
  for (const { path, kind, replace } of result.changes) {
    const diff = new proto.PropertyDiff().setKind(kinds[kind][replace ? "replace" : "change"]);
    response.getDetaileddiffMap().set(path, diff);
  }
  return response;
}
