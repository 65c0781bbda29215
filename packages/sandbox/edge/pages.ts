import { escapeHtml } from "../../base/escape-html";
import { html, json, NO_STORE, type Reply } from "./reply";

const STYLE = `
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
  body { max-width: 32rem; margin: 15vh auto; padding: 0 1rem }
  a { display: inline-block; padding: .5rem 0 }
  footer { margin-top: 2rem; opacity: .7; font-size: .875rem }
`;

/** One page in the edge's plain dress. `main` is HTML; `title` is text. */
export function page(title: string, main: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${main}
</main>
<footer>Sandbox of Cloudflare Access</footer>
</body>
</html>
`;
}

/** What Access says of the application it blocks. */
export interface Blocked {
  aud: string;
  hostname: string;
  rayId: string;
  /** Whether the client wants JSON. */
  asJson: boolean;
  /** The application's own words, for people who are refused. */
  message?: string;
}

/** The page of a refusal: 403 for who may not, 401 for who could not be recognised. */
export function blockPage(status: 401 | 403, { aud, hostname, rayId, asJson, message }: Blocked): Reply {
  const headers = { "cf-access-aud": aud, "cf-access-domain": hostname, ...NO_STORE };
  const words =
    status === 403
      ? "Forbidden. You don't have permission to view this. Please contact your system administrator."
      : "Unauthorized. You must authenticate to view this.";
  if (asJson) return json(status, { message: words, status_code: status, aud, ray_id: rayId }, headers);
  const main = `<h1>${status === 403 ? "Forbidden" : "Unauthorized"}</h1>
<p>${escapeHtml(words)}</p>
${message === undefined ? "" : `<p>${escapeHtml(message)}</p>`}
<p>Ray ID: ${escapeHtml(rayId)}</p>`;
  return html(status, page("Error ・ Cloudflare Access", main), headers);
}

/** What a script that asked with `X-Requested-With: XMLHttpRequest` gets instead of a redirect. */
export function unauthorizedPage(headers: Reply["headers"]): Reply {
  return html(401, page("401 Unauthorized", "<h1>401 Unauthorized</h1>"), headers);
}

/** A problem of the login, in words for a person. */
export function loginProblem(
  status: number,
  heading: string,
  text: string,
  link?: { href: string; text: string },
): Reply {
  const main = `<h1>${escapeHtml(heading)}</h1>
<p>${escapeHtml(text)}</p>
${link === undefined ? "" : `<p><a href="${escapeHtml(link.href)}">${escapeHtml(link.text)}</a></p>`}`;
  return html(status, page("Error ・ Cloudflare Access", main), { ...NO_STORE });
}

/** The choice of a login, where the application allows several. */
export function chooseLogin(hostname: string, providers: readonly { name: string; href: string }[]): Reply {
  const links = providers.map(
    ({ name, href }) => `<li><a href="${escapeHtml(href)}">${escapeHtml(name)}</a></li>`,
  );
  const main = `<h1>Log in to ${escapeHtml(hostname)}</h1>
<p>Choose how:</p>
<ul>
${links.join("\n")}
</ul>`;
  return html(200, page("Sign in ・ Cloudflare Access", main), { ...NO_STORE });
}

/** An error of Cloudflare's network itself, e.g. 1033 when no cloudflared is connected. */
export function networkError(
  status: number,
  code: number,
  title: string,
  text: string,
  rayId: string,
): Reply {
  const main = `<h1>Error ${code}</h1>
<h2>${escapeHtml(title)}</h2>
<p>${escapeHtml(text)}</p>
<p>Ray ID: ${escapeHtml(rayId)}</p>`;
  return html(status, page(`${title} | Cloudflare`, main), { ...NO_STORE });
}
