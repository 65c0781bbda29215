export * from "./diff";
export * from "./provider";
export { type ServedProvider, serveProvider } from "./serve";
export { packageOf } from "./urn";
export * from "./values";
