import { addressFault, isAddressSetting } from "../../config/provider-addresses";
import { isUnknown, valueAt } from "../resource";
import { type Fault, type ResourceRule, undecided } from "../rule";

/** Whoever answers there is handed the API token with the first request. */
export const providerAddress: ResourceRule = {
  name: "provider-address",
  description: "Every provider sends its credentials to the vendor's own API, encrypted.",
  kinds: ["provider"],
  judge: (resource) => {
    const provider = resource.type.split(":").at(-1) ?? "";
    return Object.keys(resource.properties).flatMap((property): Fault[] => {
      if (!isAddressSetting(provider, property)) return [];
      const value = valueAt(resource.properties, property);
      if (value === undefined) return [];
      if (isUnknown(value)) return [undecided(resource, property)];
      const fault = addressFault(provider, property, String(value));
      return fault === undefined ? [] : [{ resource, property, ...fault }];
    });
  },
};
