import type {
  AnalyzeDiagnostic,
  AnalyzeRequest,
  AnalyzerResource,
  AnalyzerInfo as Info,
  PolicyInfo as Policy,
} from "@pulumi/pulumi/proto/analyzer_pb";
import * as proto from "@pulumi/pulumi/proto/analyzer_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { fromStruct } from "../packages/provider/host/codec";
import type { Violation } from "./judge";
import { schemasOf } from "./pack-config";
import type { Resource } from "./resource";
import { RULES } from "./rules";

/** Name and version of the pack, as the engine shows them. */
export interface PackName {
  name: string;
  version: string;
}

/** A resource as the engine hands it over before it is made: its inputs, without what they were made from. */
export function plannedResource(request: AnalyzeRequest): Resource {
  return withProperties({ ...common(request), propertyDependencies: {} }, request);
}

/** A resource as the engine hands it over with all the others: its outputs. */
export function stackResource(resource: AnalyzerResource): Resource {
  const propertyDependencies: Record<string, string[]> = {};
  resource.getPropertydependenciesMap().forEach((urns, property) => {
    propertyDependencies[property] = urns.getUrnsList();
  });
  return withProperties({ ...common(resource), propertyDependencies }, resource);
}

/** Decodes the properties when a rule looks at them: no rule is about components, and few need the whole stack. */
function withProperties(
  resource: Omit<Resource, "properties">,
  message: AnalyzeRequest | AnalyzerResource,
): Resource {
  let properties: Resource["properties"] | undefined;
  return Object.defineProperty(resource as Resource, "properties", {
    enumerable: true,
    get: () => {
      properties ??= fromStruct(message.getProperties());
      return properties;
    },
  });
}

function common(
  message: AnalyzeRequest | AnalyzerResource,
): Omit<Resource, "properties" | "propertyDependencies"> {
  return {
    urn: message.getUrn(),
    type: message.getType(),
    name: message.getName(),
    protect: message.getOptions()?.getProtect() ?? false,
  };
}

/** A violation as the engine shows it. Always mandatory: what is only advised is not read. */
export function diagnostic(
  { name, version }: PackName,
  { rule, message, urn }: Violation,
): AnalyzeDiagnostic {
  return new proto.AnalyzeDiagnostic()
    .setPolicyname(rule.name)
    .setPolicypackname(name)
    .setPolicypackversion(version)
    .setDescription(rule.description)
    .setMessage(message)
    .setEnforcementlevel(proto.EnforcementLevel.MANDATORY)
    .setUrn(urn ?? "");
}

/** The pack's description of itself, config schemas included. */
export function packInfo({ name, version }: PackName): Info {
  return new proto.AnalyzerInfo()
    .setName(name)
    .setDisplayname("Guardrails of comfyui-access")
    .setVersion(version)
    .setSupportsconfig(true)
    .setPoliciesList(RULES.map(policyInfo));
}

function policyInfo(rule: (typeof RULES)[number]): Policy {
  const schema = new proto.PolicyConfigSchema().setProperties(
    Struct.fromJavaScript(schemasOf(rule) as Parameters<typeof Struct.fromJavaScript>[0]),
  );
  const alone = "judge" in rule;
  return new proto.PolicyInfo()
    .setName(rule.name)
    .setDescription(rule.description)
    .setEnforcementlevel(proto.EnforcementLevel.MANDATORY)
    .setConfigschema(schema)
    .setPolicyType(alone ? proto.PolicyType.POLICY_TYPE_RESOURCE : proto.PolicyType.POLICY_TYPE_STACK);
}
