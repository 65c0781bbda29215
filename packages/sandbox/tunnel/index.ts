export type { Connector, ProxyResult } from "./connector";
export { createTunnels, type Tunnels } from "./tunnels";
