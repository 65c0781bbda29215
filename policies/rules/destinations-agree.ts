import { hostAt } from "../../packages/access";
import { asText, isUnknown, listOf, valueAt } from "../resource";
import { type Fault, type ResourceRule, undecided } from "../rule";

/** The API has three fields for an application's places; only one of them may say where it stands. */
export const destinationsAgree: ResourceRule = {
  name: "destinations-agree",
  description: "What domain and selfHostedDomains of an application name is among its destinations.",
  kinds: ["application"],
  judge: (resource) => {
    const { properties } = resource;
    const destinations = valueAt(properties, "destinations");
    const listed = listOf(destinations).map((each) => valueAt(each, "uri"));
    // Without destinations the older fields say it alone; what is not known of them is for other rules to say.
    if (listed.length === 0 || isUnknown(destinations) || listed.some(isUnknown)) return [];
    const names = new Set(listed.map(placeOf));
    return older(properties).flatMap(([property, value]): Fault[] => {
      if (value === undefined) return [];
      if (isUnknown(value)) return [undecided(resource, property)];
      if (names.has(placeOf(value))) return [];
      const found = `is ${asText(value)}, which its destinations do not name`;
      return [{ resource, property, found, remedy: "Name it in destinations, and nowhere else." }];
    });
  },
};

type Properties = Parameters<typeof valueAt>[0];

function older(properties: Properties): [property: string, value: ReturnType<typeof valueAt>][] {
  const hosted = valueAt(properties, "selfHostedDomains");
  return [
    ["domain", valueAt(properties, "domain")],
    ...(isUnknown(hosted) ? [hosted] : listOf(hosted)).map((value, index): [string, typeof value] => [
      `selfHostedDomains[${index}]`,
      value,
    ]),
  ];
}

/** A host name in its one spelling, with its path. */
function placeOf(value: ReturnType<typeof valueAt>): string {
  const text = asText(value).replace(/^https?:\/\//i, "");
  const path = /\/.*$/.exec(text)?.[0] ?? "";
  return `${hostAt(text)}${path.replace(/\/$/, "")}`;
}
