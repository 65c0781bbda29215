import { all, bookkeeping, DELIVERS, type Fields, given, type Kind, NOTHING, nothing, TIMES } from "./field";
import { TYPES } from "./types";

// Pulumi writes a list's name in the plural.
const called = (api: string, fields?: Fields) => ({ ...NOTHING, api, fields });

const FILTERS: Fields = {
  ...nothing("actions", "affectedAsns", "affectedComponents", "affectedLocations", "alertTriggerPreferences"),
  ...nothing("popNames", "selectors", "services", "trafficExclusions", "zones"),
  airportCodes: called("airport_code"),
  alertTriggerPreferencesValues: called("alert_trigger_preferences_value"),
  enableds: called("enabled"),
  environments: called("environment"),
  eventSources: called("event_source"),
  eventTypes: called("event_type"),
  events: called("event"),
  groupBies: called("group_by"),
  healthCheckIds: called("health_check_id"),
  incidentImpacts: called("incident_impact"),
  inputIds: called("input_id"),
  insightClasses: called("insight_class"),
  limits: called("limit"),
  logoTags: called("logo_tag"),
  megabitsPerSeconds: called("megabits_per_second"),
  newHealths: called("new_health"),
  newStatuses: called("new_status"),
  packetsPerSeconds: called("packets_per_second"),
  poolIds: called("pool_id"),
  products: called("product"),
  projectIds: called("project_id"),
  protocols: called("protocol"),
  queryTags: called("query_tag"),
  requestsPerSeconds: called("requests_per_second"),
  slos: called("slo"),
  statuses: called("status"),
  targetHostnames: called("target_hostname"),
  targetIps: called("target_ip"),
  targetZoneNames: called("target_zone_name"),
  tokenIds: called("token_id"),
  tunnelIds: called("tunnel_id"),
  tunnelNames: called("tunnel_name"),
  types: called("type"),
  wheres: called("where"),
};

const RECEIVER = nothing("id");

/** @see https://developers.cloudflare.com/api/resources/alerting/subresources/policies/ */
export const alert = {
  types: [TYPES.alert],
  path: "/accounts/{accountId}/alerting/v3/policies/{id}",
  writtenAt: "modified",
  fields: {
    ...given("accountId"),
    ...nothing("name", "description"),
    ...all(DELIVERS, "alertType", "alertInterval"),
    enabled: { ...DELIVERS, default: true },
    filters: { ...DELIVERS, fields: FILTERS },
    mechanisms: {
      ...DELIVERS,
      fields: {
        emails: called("email", RECEIVER),
        pagerduties: called("pagerduty", RECEIVER),
        webhooks: { ...NOTHING, fields: RECEIVER },
      },
    },
    ...bookkeeping(TIMES, "created", "modified"),
  },
  onlyInApi: given("id"),
} as const satisfies Kind;
