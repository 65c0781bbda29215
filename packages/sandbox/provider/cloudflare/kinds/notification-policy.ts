import { type Fields, flag, listOf, object, text, texts, time } from "../../fields";
import type { ApiKindTable } from "../api-kind";

// Pulumi writes a list's name in the plural; the API's own names are the singular ones here.
const FILTERS: Record<string, string> = {
  actions: "actions",
  affectedAsns: "affected_asns",
  affectedComponents: "affected_components",
  affectedLocations: "affected_locations",
  airportCodes: "airport_code",
  alertTriggerPreferences: "alert_trigger_preferences",
  enableds: "enabled",
  environments: "environment",
  eventSources: "event_source",
  eventTypes: "event_type",
  events: "event",
  healthCheckIds: "health_check_id",
  incidentImpacts: "incident_impact",
  newHealths: "new_health",
  newStatuses: "new_status",
  poolIds: "pool_id",
  products: "product",
  projectIds: "project_id",
  protocols: "protocol",
  services: "services",
  statuses: "status",
  tunnelIds: "tunnel_id",
  tunnelNames: "tunnel_name",
  types: "type",
  wheres: "where",
  zones: "zones",
};

const filters: Fields = Object.fromEntries(
  Object.entries(FILTERS).map(([name, wire]) => [name, texts(wire)]),
);
const receivers = (wire: string) => listOf(object({ id: text() }), { wire, sorted: true });

/** A notification: which alert goes to whom. */
export const notificationPolicy: ApiKindTable = {
  type: "cloudflare:index/notificationPolicy:NotificationPolicy",
  collection: "/accounts/{accountId}/alerting/v3/policies",
  update: "put",
  importId: "{accountId}/{id}",
  fields: {
    accountId: text({ required: true, replace: true, inPath: true }),
    alertInterval: text(),
    alertType: text({ required: true }),
    description: text(),
    enabled: flag({ default: true }),
    filters: object(filters),
    mechanisms: object(
      { emails: receivers("email"), pagerduties: receivers("pagerduty"), webhooks: receivers("webhooks") },
      { required: true },
    ),
    name: text({ required: true }),
    created: time({ renewed: true }),
    modified: time({ renewed: true }),
  },
};
