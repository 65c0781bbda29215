export { toHtml } from "./html";
export { toJson } from "./json";
export { toJUnit } from "./junit";
export { toTable } from "./table";
