import type { ServerResponse } from "node:http";

/** What cloudflared says when it could not serve a request; the edge shows it with status 502. */
const UNREACHABLE =
  "Unable to reach the origin service. The service may be down or it may not be responding to traffic from cloudflared";

/** What was answered. */
interface Answered {
  status: number;
}

/**
 * Answers without a body.
 * @throws RangeError for a status that HTTP does not have as a final one.
 */
export function answerEmpty(response: ServerResponse, status: number): Answered {
  if (status < 200) throw new RangeError(`${status} is no status of a final answer`);
  response.writeHead(status, { "content-length": "0" }).end();
  return { status };
}

/** Answers 502 with cloudflared's sentence; the reason stays in the connector's log, as at Cloudflare. */
export function answerBadGateway(response: ServerResponse): Answered {
  return answerPage(response, 502, "502 Bad Gateway", UNREACHABLE);
}

/** Answers for the service `hello_world`. */
export function answerHello(response: ServerResponse): Answered {
  return answerPage(
    response,
    200,
    "Hello from the tunnel",
    "The tunnel works; no origin is behind this rule.",
  );
}

function answerPage(response: ServerResponse, status: number, title: string, text: string): Answered {
  const body = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${title}</title></head>
<body><h1>${title}</h1><p>${text}</p></body>
</html>
`;
  response.writeHead(status, {
    "content-type": "text/html; charset=utf-8",
    "content-length": String(Buffer.byteLength(body)),
  });
  response.end(body);
  return { status };
}
