import * as grpc from "@grpc/grpc-js";
import { AnalyzerService } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/analyzer_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { judgeResource, judgeStack, type Terms, type Violation } from "./judge";
import { checkConfig, type StackLimits, stackLimitsOf } from "./pack-config";
import { diagnostic, type PackName, packInfo, plannedResource, stackResource } from "./wire";

// One stack can be large; gRPC's own 4 MiB limit is not Pulumi's.
const MAX_MESSAGE_BYTES = 400 * 1024 * 1024;

/**
 * Serves the rules on the analyzer protocol of Pulumi's engine, on the loopback address alone.
 *
 * Directly on the protocol rather than with @pulumi/policy, which takes the secret marks off before a rule sees a
 * value, does not pass on the stack's config, and turns what a preview cannot know into advice; and to load the SDK
 * that it needs takes several times as long as everything that is done here.
 * @see https://github.com/pulumi/pulumi/blob/master/proto/pulumi/analyzer.proto
 * @returns the port
 */
export async function serveAnalyzer(pack: PackName): Promise<number> {
  const server = new grpc.Server({
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    // Bookkeeping for a debugger that nobody attaches, on each of two calls for every resource.
    "grpc.enable_channelz": 0,
  });
  server.addService({ ...AnalyzerService, remediate: UNREAD }, handlers(pack));
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
}

/** The engine sends each resource to be mended first; nothing of it is looked at, so nothing of it is decoded. */
const UNREAD = {
  ...AnalyzerService.remediate,
  requestDeserialize: () => undefined,
  // A response without remediations is no bytes at all.
  responseSerialize: () => Buffer.alloc(0),
};

function handlers(pack: PackName): grpc.UntypedServiceImplementation {
  let terms: Terms = {};
  let teamName: string | undefined;
  let stackLimits: StackLimits = {};
  /** What has been judged alone. The engine does not ask about what a program only reads, such as a policy by id. */
  const asked = new Set<string>();
  const answer = (violations: readonly Violation[]) =>
    new proto.AnalyzeResponse().setDiagnosticsList(violations.map((each) => diagnostic(pack, each)));

  return {
    handshake: unary(() => new proto.AnalyzerHandshakeResponse()),
    getPluginInfo: unary(() => new PluginInfo().setVersion(pack.version)),
    getAnalyzerInfo: unary(() => packInfo(pack)),

    configureStack: unary((request: proto.AnalyzerStackConfigureRequest) => {
      const setting = (key: string) => request.getConfigMap().get(`${request.getProject()}:${key}`);
      teamName = setting("teamName") || undefined;
      stackLimits = stackLimitsOf(setting);
      return new proto.AnalyzerStackConfigureResponse();
    }),

    configure: unary((request: proto.ConfigureAnalyzerRequest) => {
      const config: Record<string, unknown> = {};
      request.getPolicyconfigMap().forEach((settings, name) => {
        config[name] = {
          ...settings.getProperties()?.toJavaScript(),
          enforcementLevel: LEVELS[settings.getEnforcementlevel()],
        };
      });
      terms = { config: checkConfig(config) };
      return new Empty();
    }),

    // Nothing is mended behind the author's back.
    remediate: unary(() => undefined),
    analyze: unary((request: proto.AnalyzeRequest) => {
      asked.add(request.getUrn());
      return answer(judgeResource(plannedResource(request), { ...terms, stackLimits }));
    }),
    analyzeStack: unary((request: proto.AnalyzeStackRequest) => {
      const resources = request.getResourcesList().map(stackResource);
      const others = resources.filter(({ urn }) => !asked.has(urn));
      asked.clear();
      return answer(judgeStack({ resources, teamName }, { ...terms, stackLimits }, others));
    }),
    cancel: unary(() => new Empty()),
  };
}

const LEVELS: Readonly<Record<number, string>> = {
  [proto.EnforcementLevel.ADVISORY]: "advisory",
  [proto.EnforcementLevel.MANDATORY]: "mandatory",
  [proto.EnforcementLevel.REMEDIATE]: "remediate",
  [proto.EnforcementLevel.DISABLED]: "disabled",
};

/** Wraps a function of request to response. What it throws fails the run: a rule that broke has not passed. */
function unary<Request, Response>(
  answer: (request: Request) => Response,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    try {
      callback(null, answer(call.request));
    } catch (error) {
      const details = error instanceof Error ? error.message : String(error);
      callback({ code: grpc.status.UNKNOWN, details });
    }
  };
}
