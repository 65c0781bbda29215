import type { Piece } from "../types";
import { addressOfParts, isAddressLike, piecesOf } from "./pieces";
import { literalOf, nameOf, pairsIn, type Tree } from "./tree";

const ADDRESS_KEY =
  /^\.?(api_?host|host|server|address|server_?address|url|base_?(url|uri|address)|prefix_?url|api_?url|endpoint|uri)$/i;
/** What a client puts before every path. */
const BASE_KEY = /^(set|with)?_?(base|prefix|root)_?(url|uri|address)$/i;

/** The address among a call's arguments, best first: under a key that says so, else the first that has none. */
export function addressIn(all: Tree[]): Piece[] {
  const pairs = pairsIn(all);
  const parts = addressOfParts(pairs);
  if (parts.length > 0) return parts;
  const named = pairs.find(({ key }) => ADDRESS_KEY.test(key));
  if (named) return piecesOf(named.value);
  const first = all.find(({ kind }) => kind !== "pair");
  if (!first) return [];
  if (first.kind !== "list") return piecesOf(first);
  const [item] = first.items;
  return item && item.kind !== "pair" ? addressIn([item]) : [];
}

/** The base address that stands among a call's arguments beside its path. */
export function baseIn(all: Tree[]): Piece[] {
  const pairs = pairsIn(all);
  const named = pairs.find(({ key }) => BASE_KEY.test(key));
  return named ? piecesOf(named.value) : addressOfParts(pairs);
}

/** The base address that a client is made with: a key of its options, a step of its builder, or its host and port. */
export function clientAddress(value: Tree): Piece[] {
  if (value.kind !== "call") return [];
  const name = nameOf(value.callee);
  const base = baseIn(value.arguments);
  if (base.length > 0) return base;
  const named = pairsIn(value.arguments).find(({ key }) => ADDRESS_KEY.test(key));
  if (named) return piecesOf(named.value);
  const [first, second] = value.arguments;
  if (first && BASE_KEY.test(name.split(".").at(-1) ?? "")) return piecesOf(first);
  if (first && second && CONNECTION.test(name)) {
    const port = second.kind === "text" ? literalOf(second) : undefined;
    return port === undefined || /^\d+$/.test(port)
      ? [...piecesOf(first), ":", ...piecesOf(second)]
      : piecesOf(first);
  }
  if (value.callee.kind === "member") {
    const inner = clientAddress(value.callee.object);
    if (inner.length > 0) return inner;
  }
  return first && isAddressLike(first) ? piecesOf(first) : [];
}

/** What is made with a host and a port. */
const CONNECTION = /(^|\.)(HTTPS?Connection|HTTP\.new|HTTP\.start|TCPSocket\.new|createConnection)$/;
