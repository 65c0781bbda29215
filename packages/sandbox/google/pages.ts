import { createHash } from "node:crypto";
import { escapeHtml } from "../../base/escape-html";
import type { GoogleAccount } from "./accounts";

const STYLE = `
:root { color-scheme: light dark; --back: #f0f4f9; --card: #fff; --text: #1f1f1f; --soft: #444746; --line: #747775;
  --accent: #0b57d0; --on-accent: #fff; --wrong: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --back: #1e1f20; --card: #0e0e0e; --text: #e3e3e3; --soft: #c4c7c5; --line: #8e918f;
    --accent: #a8c7fa; --on-accent: #062e6f; --wrong: #f2b8b5; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--back);
  color: var(--text); font: 1rem/1.5 system-ui, "Open Sans", sans-serif; }
main { width: 100%; max-width: 28rem; padding: 2rem 1.5rem; border-radius: 1.5rem; background: var(--card); }
h1 { margin: 0 0 .5rem; font-size: 1.75rem; font-weight: 400; line-height: 1.2; }
p { margin: 0 0 1rem; overflow-wrap: anywhere; }
.soft { color: var(--soft); font-size: .875rem; }
.wrong { margin: .5rem 0 0; color: var(--wrong); }
label { display: block; margin-bottom: .25rem; }
input[type=email], input[type=password] { width: 100%; padding: .75rem; border: 1px solid var(--line);
  border-radius: .25rem; background: transparent; color: inherit; font: inherit; }
input[aria-invalid=true] { border-color: var(--wrong); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.actions { display: flex; justify-content: end; margin: 1.5rem 0 .5rem; }
button { padding: .6rem 1.5rem; border: 0; border-radius: 1.25rem; background: var(--accent);
  color: var(--on-accent); font: inherit; cursor: pointer; }
button.plain { background: transparent; color: var(--accent); padding-inline: .5rem; }
ul { margin: 0 0 1rem; padding: 0; list-style: none; border-top: 1px solid var(--line); }
li { border-bottom: 1px solid var(--line); }
li button { width: 100%; border-radius: 0; background: transparent; color: inherit; text-align: left; padding: .75rem .5rem; }
li span { display: block; overflow-wrap: anywhere; }
code { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
footer { margin-top: 2rem; padding-top: 1rem; border-top: 1px solid var(--line); }
footer p { margin: 0; }
`;

// No `form-action`: it would also hold for the redirect to Access that follows the form.
const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy": `default-src 'none'; style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'; base-uri 'none'; frame-ancestors 'none'`,
  "referrer-policy": "strict-origin",
  "x-content-type-options": "nosniff",
};

/** The page that asks for the e-mail address. */
export const emailPage = page(
  (view: { accounts: readonly GoogleAccount[]; email?: string; problem?: string }) => ({
    title: "Sign in",
    body: `<p>with the sandbox's Google account</p>
<form method="post">
<label for="email">E-mail</label>
<input type="email" id="email" name="email" autocomplete="username" required autofocus value="${escapeHtml(view.email ?? "")}"${invalid(view.problem)}>
${problem(view.problem)}
<div class="actions"><button name="step" value="email">Next</button></div>
</form>
<p class="soft">Test accounts: ${view.accounts.map(({ email }) => escapeHtml(email)).join(", ")}</p>`,
  }),
);

/** The page that asks for the password of an account. */
export const passwordPage = page((view: { account: GoogleAccount; problem?: string }) => ({
  title: `Hello, ${view.account.name}`,
  body: `<p>${escapeHtml(view.account.email)}</p>
<form method="post">
<input type="hidden" name="email" autocomplete="username" value="${escapeHtml(view.account.email)}">
<label for="password">Password</label>
<input type="password" id="password" name="password" autocomplete="current-password" required autofocus${invalid(view.problem)}>
${problem(view.problem)}
<div class="actions"><button name="step" value="password">Next</button></div>
</form>
<form method="post"><button class="plain" name="step" value="other">Use another account</button></form>`,
}));

/** The page on which a person who is signed in says whether to go on as that one. */
export const chooserPage = page((view: { account: GoogleAccount }) => ({
  title: "Choose an account",
  body: `<form method="post">
<ul>
<li><button name="step" value="chosen"><span>${escapeHtml(view.account.name)}</span><span class="soft">${escapeHtml(view.account.email)}</span></button></li>
<li><button name="step" value="other">Use another account</button></li>
</ul>
</form>`,
}));

/** The page that ends a request which the application got wrong. */
export const errorPage = page(
  (view: { status: number; code: string; reason: string; redirectUri?: string | undefined }) => ({
    title: "Access blocked: the application's request is not valid",
    body: `<p>${escapeHtml(view.reason)}</p>
<p><strong>Error ${view.status}: ${escapeHtml(view.code)}</strong></p>
${view.redirectUri === undefined ? "" : `<p class="soft">Redirect URI of the request: <code>${escapeHtml(view.redirectUri)}</code></p>`}`,
  }),
);

/** The page at an address that leads nowhere. */
export const notFoundPage = page(() => ({
  title: "Not found",
  body: "<p>The sandbox's Google has nothing at this address.</p>\n<p><strong>Error 404</strong></p>",
}));

/** The page for a login that took too long, or was begun in another browser. */
export const expiredPage = page(() => ({
  title: "This login has expired",
  body: "<p>Go back to the application and sign in again.</p>",
}));

interface Content {
  title: string;
  /** HTML, with everything that came from outside escaped. */
  body: string;
}

interface Page<View> {
  /** Headers that the page is sent with. */
  headers: Readonly<Record<string, string>>;
  render(view: View): string;
}

function page<View = void>(content: (view: View) => Content): Page<View> {
  return {
    headers: HEADERS,
    render(view) {
      const { title, body } = content(view);
      return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} – Google (sandbox)</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${body}
<footer><p class="soft">This is the sandbox's stand-in for Google. It knows test accounts only: never enter a real password here.</p></footer>
</main>
</body>
</html>
`;
    },
  };
}

function problem(text: string | undefined): string {
  return text === undefined ? "" : `<p class="wrong" id="problem" role="alert">${escapeHtml(text)}</p>`;
}

function invalid(text: string | undefined): string {
  return text === undefined ? "" : ' aria-invalid="true" aria-describedby="problem"';
}
