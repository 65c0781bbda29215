export { type Origin, startOrigin } from "./server";
export type { OriginSettings } from "./settings";
