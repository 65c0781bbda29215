/** How much a route says by itself: 2 hardly any other server has it, 1 some have, 0 many have. */
type Strength = 0 | 1 | 2;

/** Routes of ComfyUI's server.py and app/; every one exists below `/api` too. */
const ROUTES: [pattern: RegExp, strength: Strength][] = [
  [/^\/object_info(?=$|[/?#{])/, 2],
  [/^\/system_stats(?=$|[?#{])/, 2],
  [/^\/ws\/?\?clientId=/i, 2],
  [/^\/upload\/(image|mask)(?=$|[?#{])/, 2],
  [/^\/view\?(.*&)?(filename|subfolder)=/, 2],
  [/^\/view_metadata\//, 2],
  [/^\/internal\/(logs|folder_paths|files)/, 2],
  [/^\/history(_v2)?(?=$|[/?#{])/, 1],
  [/^\/(prompt|queue|interrupt|view|ws)\/?(?=$|[?#{])/, 1],
  [/^\/(v2|experiment)\/(userdata|models)(?=$|[/?#{])/, 1],
  [
    /^\/(free|embeddings|extensions|features|userdata|users|settings|jobs|models|workflow_templates)(?=$|[/?#{])/,
    0,
  ],
];

/** A route found at the end of an address. */
export interface Route {
  /** As written, without the query's values. */
  text: string;
  strength: Strength;
  /** What stands between the host and the route, e.g. `/comfy`. */
  prefix: string;
}

/** Finds the route in the path of an address. */
export function routeOf(path: string): Route | undefined {
  const normal = path.replace(/^\/\/+/, "/");
  for (let at = 0; at >= 0 && at < normal.length; at = normal.indexOf("/", at + 1)) {
    const rest = normal.slice(at);
    const own = rest.replace(/^\/api(?=\/)/, "");
    const known = ROUTES.find(([pattern]) => pattern.test(own));
    if (known) return { text: rest.replace(/[?#].*$/s, ""), strength: known[1], prefix: normal.slice(0, at) };
    if (at > 40) return undefined;
  }
  return undefined;
}
