export { type BrowserSearch, findBrowser } from "./find-browser";
export { type OpenBrowser, openBrowser } from "./open-browser";
