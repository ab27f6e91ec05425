/** A text in the Common Expression Language, which zot evaluates. */
export function celText(text: string): string {
  const escaped = text
    .replaceAll(/[\\']/g, String.raw`\$&`)
    .replaceAll("\n", String.raw`\n`)
    .replaceAll("\r", String.raw`\r`);
  return `'${escaped}'`;
}

/** Whether an expression is one of some texts. */
export function celIsOneOf(expression: string, texts: readonly string[]): string {
  const [only, ...others] = texts;
  if (only !== undefined && others.length === 0) return `${expression} == ${celText(only)}`;
  return `${expression} in [${texts.map(celText).join(", ")}]`;
}

/** Whether one of some expressions is true. */
export function celAnyOf(expressions: readonly string[]): string {
  return expressions.length === 0 ? "false" : expressions.join(" || ");
}
