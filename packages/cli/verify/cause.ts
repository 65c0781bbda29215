import type { ApplicationKind } from "../../../config/stack-config";
import type { FindingOf } from "../../base/finding";
import type { OriginFault, OriginPlace } from "./origin";

/** A fault of an origin on this machine, and of which. */
export interface Faulty {
  fault: OriginFault;
  place: OriginPlace;
}

/** Everything that may be the cause of a row that is not as declared or not decided, by code. */
export interface Causes {
  "origin-silent": { status: number };
  "origin-not-reached": { status: number; service: string };
  "origin-fault": Faulty & { status: number };
  "rule-without-service": { status: number };
  "rule-to-faulty-origin": Faulty & { status: number };
  "past-access": { status: number; called: string };
  "tunnel-without-connector": object;
  "no-answer-in-time": object;
  "certificate-not-trusted": { detail: string };
  "connection-refused": object;
  "no-record": object;
  "no-connection": { detail: string };
  "refused-by-unclear": { status: number };
  "past-access-to-connector": object;
  "connector-refuses": object;
  "login-elsewhere": { host: string };
  "other-login": { aud: string | null };
  "token-not-named": object;
  "session-not-taken": object;
  "refused-otherwise": object;
  "too-many-people": { kind: ApplicationKind };
  open: { called: string; kind: ApplicationKind };
  "not-access": object;
  "token-expired": { expiresAt: string };
  "token-unknown": object;
  "token-in-no-policy": object;
  "person-refused": object;
  "socket-silent": object;
  "cross-site": { hostname: string };
  "refused-by-origin": Faulty;
  "answer-of-the-edge": { status: number };
  "answer-of-the-origin": { status: number };
  "not-comfyui": object;
  "not-the-application": object;
  "direct-fault": Faulty;
  "open-to-pages": { allowed: string | null; origin: string };
  "not-it-here": { called: string };
  "login-not-finished": object;
  "other-way-to-login": object;
  "jwt-of-another": object;
  "session-unseen": object;
  "session-still-taken": object;
  "neighbour-changed": { recordedAt: string | undefined };
  "around-unseen": { refused: boolean };
  "around-open": { called: string; kind: ApplicationKind };
  "test-unseen": object;
  "test-of-nothing": { wanted: string };
  "test-contrary": object;
  "no-team-keys": { teamName: string };
  "rules-unseen": { failed: string };
  "no-rule": object;
  "jwt-not-required": object;
  "jwt-for-another": object;
}

/** Why a row is not as declared, or not decided; where: the row's id. */
export type Cause = FindingOf<Causes>;

/** Code and data of a cause, before it is known of which row. */
export type Reason = { [Code in keyof Causes]: { code: Code; data: Causes[Code] } }[keyof Causes];
