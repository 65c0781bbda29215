/** What a stack's objects are named after where names are shared with others: `<project>-<stack>`. */
export function stackPrefix(project: string, stack: string): string {
  return `${project}-${stack}`;
}

/**
 * The id of a secret in Google Secret Manager, the same for the stack's own resources and for `env --to gcp`.
 * @param prefix of the stack, see {@link stackPrefix}.
 * @param name the service token's name in the stack config.
 */
export function secretId(prefix: string, name: string): string {
  return `${prefix}-${name}`;
}
