import { fieldsOf } from "../../../base/json-values";
import { TYPES } from "../../../cloudflare/kinds";
import { type Spelling, wireSpelling } from "../spelling";
import { ID, type Kind, TIMES } from "./kind";

// Pulumi writes a list's name in the plural; these are the API's own.
const ODD: Spelling = {
  emails: "email",
  pagerduties: "pagerduty",
  airportCodes: "airport_code",
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
  statuses: "status",
  tunnelIds: "tunnel_id",
  tunnelNames: "tunnel_name",
  types: "type",
  wheres: "where",
};

/**
 * Which alert goes to whom.
 * @see https://developers.cloudflare.com/api/resources/alerting/subresources/policies/
 */
export const notificationPolicy: Kind = {
  subject: "notification policy",
  type: TYPES.alert,
  path: (account, { id }) => account.below(`alerting/v3/policies/${id}`),
  expected: (properties) => fieldsOf(wireSpelling(properties, ODD)),
  fields: {
    name: {},
    alert_type: {},
    enabled: { default: true },
    mechanisms: {},
    alert_interval: {},
    description: {},
    filters: {},
  },
  bookkeeping: { id: ID, created: TIMES, modified: TIMES },
  writtenAt: "modified",
};
