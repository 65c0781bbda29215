import { setTimeout as sleep } from "node:timers/promises";
import type { BrowserContext, Page, Response } from "playwright-core";
import type { RawAnswer } from "./outcome";
import type { TestPerson } from "./target";

/** One stop of the way that a browser was sent. */
export interface Hop {
  host: string;
  /** Without the query, which may hold a code. */
  path: string;
  status: number;
}

/** Where a visit to the application ended. */
export interface Visit {
  /** Every answer to the page's own navigation, in order. */
  hops: Hop[];
  /** The host on which it ended. */
  host: string;
  /** The last answer, as the matrix judges it. */
  answer: RawAnswer;
}

/** How long a page that has answered may take for the rest of it before it is looked at as it is, in milliseconds. */
const SETTLED_MS = 5000;

const GOOGLE_LOGIN = "accounts.google.com";

/**
 * Opens an address and, where it leads to Google's login, logs in as the person. A page counts as soon as it has
 * answered: how long it takes to load all of itself is no question of access.
 * @throws when the browser gets stuck on the way for longer than the timeout.
 */
export async function visit(page: Page, url: string, person: TestPerson, timeoutMs: number): Promise<Visit> {
  const answers: Response[] = [];
  const keep = (response: Response) => {
    const request = response.request();
    if (request.isNavigationRequest() && response.frame() === page.mainFrame()) answers.push(response);
  };
  page.on("response", keep);
  try {
    await page.goto(url, { waitUntil: "commit", timeout: timeoutMs });
    await chooseGoogle(page, timeoutMs);
    if (hostOf(page) === GOOGLE_LOGIN) await logIn(page, person, timeoutMs);
    const last = answers.at(-1);
    return { hops: answers.map(hopOf), host: hostOf(page), answer: await rawAnswer(page, last) };
  } finally {
    page.off("response", keep);
  }
}

/** With several logins on offer Access shows a page of its own first. */
async function chooseGoogle(page: Page, timeoutMs: number): Promise<void> {
  if (!new URL(page.url()).pathname.startsWith("/cdn-cgi/access/login")) return;
  await page.waitForLoadState("domcontentloaded", { timeout: timeoutMs });
  const google = page
    .getByRole("link", { name: /google/i })
    .or(page.getByRole("button", { name: /google/i }));
  if ((await google.count()) === 0) return;
  await google.first().click({ timeout: timeoutMs });
  await page.waitForURL((at) => at.hostname === GOOGLE_LOGIN, { waitUntil: "commit", timeout: timeoutMs });
}

/** Fills in Google's two pages: the address, then the password. */
async function logIn(page: Page, { email, password }: TestPerson, timeoutMs: number): Promise<void> {
  await page.waitForLoadState("domcontentloaded", { timeout: timeoutMs });
  const address = page.locator('input[type="email"]:visible');
  if ((await address.count()) === 0) return;
  await address.fill(email, { timeout: timeoutMs });
  await address.press("Enter");
  const secret = page.locator('input[type="password"]:visible');
  await secret.fill(password, { timeout: timeoutMs });
  await secret.press("Enter");
  await page.waitForURL((at) => at.hostname !== GOOGLE_LOGIN, { waitUntil: "commit", timeout: timeoutMs });
}

async function rawAnswer(page: Page, last: Response | undefined): Promise<RawAnswer> {
  if (last === undefined) return { kind: "unreachable", reason: "connection", detail: "no answer" };
  // As it was sent: the browser makes a document of an empty answer too. One that is still being sent, as it stands.
  const patience = new AbortController();
  const body = await Promise.race([
    last.text().catch(() => page.content()),
    sleep(SETTLED_MS, undefined, { signal: patience.signal }).then(() => page.content()),
  ]);
  patience.abort();
  return { kind: "response", status: last.status(), headers: last.headers(), body };
}

function hopOf(response: Response): Hop {
  const { hostname, pathname } = new URL(response.url());
  return { host: hostname, path: pathname, status: response.status() };
}

function hostOf(page: Page): string {
  return new URL(page.url()).hostname;
}

/** The hosts of a way in order, each stay once, e.g. `app → team → accounts.google.com → team → app`. */
export function hostsOf(hops: readonly Hop[]): string[] {
  return hops.map(({ host }) => host).filter((host, index, all) => host !== all[index - 1]);
}

/**
 * Opens a WebSocket from within the page, as ComfyUI's own frontend does, and waits for its first event.
 * Undefined when the browser was refused: it does not tell a page why.
 */
export async function openSocketInPage(page: Page, url: string): Promise<RawAnswer | undefined> {
  // As text, since it runs in the page and not in this program.
  const first = await page.evaluate<string | null | false>(`new Promise((resolve) => {
    const socket = new WebSocket(${JSON.stringify(url)});
    const done = (value) => { resolve(value); socket.close(); };
    socket.onopen = () => setTimeout(() => done(null), 3000);
    socket.onmessage = ({ data }) => { if (typeof data === "string") done(data); };
    socket.onerror = () => done(false);
  })`);
  if (first === false) return undefined;
  return first === null ? { kind: "websocket" } : { kind: "websocket", firstMessage: first };
}

/** The cookies that the browser would send to an address, as one header. */
export async function cookieHeader(context: BrowserContext, url: string): Promise<Record<string, string>> {
  const cookies = await context.cookies(url);
  if (cookies.length === 0) return {};
  return { cookie: cookies.map(({ name, value }) => `${name}=${value}`).join("; ") };
}

/** The session that Access keeps for an address, if there is one. */
export async function accessCookie(context: BrowserContext, url: string): Promise<string | undefined> {
  return (await context.cookies(url)).find(({ name }) => name === "CF_Authorization")?.value;
}

/** What the page shows, small enough to be mailed; undefined when the browser cannot say. */
export async function picture(page: Page): Promise<string | undefined> {
  const options = { type: "jpeg", quality: 75, animations: "disabled", timeout: 5000 } as const;
  await page.waitForLoadState("load", { timeout: SETTLED_MS }).catch(() => {});
  const image = await page.screenshot(options).catch(() => undefined);
  return image === undefined ? undefined : `data:image/jpeg;base64,${image.toString("base64")}`;
}

/** A path as a reader needs it: what is random in it is left out. */
export function shortened(path: string): string {
  return path.replaceAll(/[A-Za-z0-9_-]{16,}/g, "…");
}
