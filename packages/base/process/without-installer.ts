// The Pulumi SDK loads npm's own installer at its import, to find the packages of a function that is serialized: a sixth
// of the time of a program that has one application, and none of ours has such a function. It is loaded at its first
// use instead. Import this before the SDK.
import Module, { createRequire } from "node:module";

const required = createRequire(require.resolve("@pulumi/pulumi/package.json"));
putOff("@npmcli/arborist", true);
putOff("normalize-package-data", false);

/**
 * Puts a placeholder where Node looks for modules that are loaded.
 * @param name what the SDK's runtime/closure/codePaths.js imports; one that is not installed is passed over, since
 *   another version of the SDK may do without it
 * @param star whether it does so by `import * as`
 * @see https://nodejs.org/api/modules.html#requirecache
 */
function putOff(name: string, star: boolean): void {
  const file = resolved(name);
  if (file === undefined || file in required.cache) return;
  const placeholder = Object.assign(new Module(file), { filename: file, loaded: true });
  const real = (): object => {
    if (required.cache[file] === placeholder) delete required.cache[file];
    return required(file) as object;
  };
  const call = () => real() as () => unknown;
  // A bound function can be called and constructed, and has no member that a proxy must show.
  const callable = (() => {}).bind(undefined);
  placeholder.exports = new Proxy(callable, {
    // TypeScript's helpers ask this at the import itself: of a module that says yes no member is copied.
    get: (_, member) => (member === "__esModule" ? star : Reflect.get(real(), member)),
    has: (_, member) => Reflect.has(real(), member),
    ownKeys: () => Reflect.ownKeys(real()),
    getOwnPropertyDescriptor: (_, member) => {
      const found = Reflect.getOwnPropertyDescriptor(real(), member);
      return found && { ...found, configurable: true };
    },
    apply: (_, self, args) => Reflect.apply(call(), self, args),
    construct: (_, args) => Reflect.construct(call(), args) as object,
  });
  required.cache[file] = placeholder;
}

function resolved(name: string): string | undefined {
  try {
    return required.resolve(name);
  } catch {
    return undefined;
  }
}
