export * from "./diff";
export * from "./provider";
export { type ServedProvider, type ServeOptions, serveProvider } from "./serve";
export { packageOf, parseUrn } from "./urn";
export * from "./values";
