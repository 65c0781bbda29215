export { type BrowserSearch, type FoundBrowser, findBrowser } from "./find-browser";
export { type OpenBrowser, type OpenBrowserOptions, openBrowser } from "./open-browser";
