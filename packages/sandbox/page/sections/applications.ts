import { html } from "hono/html";
import { actionOf, decide, type PolicyTrace, type RuleTrace } from "../../../access";
import type { AccessApplication } from "../../account/entities";
import type { Store } from "../../account/store";
import { namesOf, policiesOf, providersOf } from "../../edge/directory";
import { badge, type Markup, type Tone } from "../words";

/** The applications, each with its policies in the order in which they are evaluated. */
export function applicationsSection(store: Store): Markup {
  const applications = store.applications.all();
  if (applications.length === 0) {
    return html`<p class="empty">No application yet. <code>npm run sandbox:up</code> makes one.</p>`;
  }
  return html`${applications.map((application) => applicationCard(store, application))}`;
}

function applicationCard(store: Store, application: AccessApplication): Markup {
  const { name, type, destinations, session_duration: session } = application.fields;
  const places = destinations.map(({ uri }) => String(uri ?? ""));
  const logins = providersOf(store, application).map((provider) => provider.name);
  const { trace } = decide(
    policiesOf(store, application),
    {},
    { names: namesOf(store, application.accountId) },
  );
  return html`<article class="card">
    <h3>${name ?? type}</h3>
    <ul class="places">${places.map((place) => html`<li><code>${place}</code></li>`)}</ul>
    <dl>
      <dt>Login with</dt><dd>${logins.join(", ") || "nothing: there is no identity provider"}</dd>
      <dt>Session</dt><dd>${String(session ?? "as the organization says")}</dd>
    </dl>
    <h4>Policies, in the order of evaluation</h4>
    <ol class="policies">
      ${trace.map(policyItem)}
      <li class="policy"><p>${badge("plain", "Otherwise")} refused</p></li>
    </ol>
  </article>`;
}

const TONES: Record<PolicyTrace["policy"]["decision"], Tone> = {
  allow: "good",
  non_identity: "good",
  deny: "wrong",
  bypass: "careful",
};

function policyItem(trace: PolicyTrace): Markup {
  return html`<li class="policy">
    <p>${badge(TONES[trace.policy.decision], actionOf(trace))} <strong>${trace.policy.name}</strong>
      <span class="soft">${trace.phase}</span></p>
    <ul class="rules">
      ${ruleLine(trace.rules, "include", "if", " or ")}
      ${ruleLine(trace.rules, "require", "and only if", " and ")}
      ${ruleLine(trace.rules, "exclude", "but not if", " or ")}
    </ul>
  </li>`;
}

function ruleLine(rules: RuleTrace[], list: RuleTrace["list"], lead: string, between: string): Markup | "" {
  const words = rules.filter((rule) => rule.list === list).map((rule) => rule.words);
  return words.length === 0 ? "" : html`<li><span class="soft">${lead}</span> ${words.join(between)}</li>`;
}
