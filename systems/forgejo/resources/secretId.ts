/** What names an Actions secret among those of a stack. */
export function secretId({ target, secretName }: { readonly target: string; readonly secretName: string }): string {
  return `${target} ${secretName}`;
}
