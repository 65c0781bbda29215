export type { OriginControl } from "./control";
export { type Origin, type OriginRequest, startOrigin } from "./server";
export type { OriginSettings } from "./settings";
