import { addressFault, isAddressSetting } from "../../config/provider-addresses";
import { asText, isUnknown, type Resource, valueAt } from "../resource";
import { type Fault, type ResourceRule, undecided } from "../rule";

/** Whoever answers there is handed the API token with the first request. */
export const providerAddress: ResourceRule = {
  name: "provider-address",
  description:
    "Every provider comes from its package's own place, and sends its credentials to the vendor's own API, encrypted.",
  kinds: ["provider"],
  judge: (resource) => {
    const provider = resource.type.split(":").at(-1) ?? "";
    return [
      ...fromElsewhere(resource),
      ...Object.keys(resource.properties).flatMap((property): Fault[] => {
        if (!isAddressSetting(provider, property)) return [];
        const value = valueAt(resource.properties, property);
        if (value === undefined) return [];
        if (isUnknown(value)) return [undecided(resource, property)];
        const fault = addressFault(provider, property, asText(value));
        return fault === undefined ? [] : [{ resource, property, ...fault }];
      }),
    ];
  },
};

/** A provider whose program comes from another place than its package's is another program, with the same credentials. */
function fromElsewhere(resource: Resource): Fault[] {
  return [["pluginDownloadURL"], ["__internal", "pluginDownloadURL"]].flatMap((path): Fault[] => {
    if (valueAt(resource.properties, ...path) === undefined) return [];
    const found = "is set, so that the provider's program comes from there";
    return [
      { resource, property: path.join("."), found, remedy: "Leave it out: the package says where it is." },
    ];
  });
}
