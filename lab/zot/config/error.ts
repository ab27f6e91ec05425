// Stands in for zot: its configuration errors.

/** A configuration that zot refuses. The message is what zot prints after `Error: `. */
export class ConfigError extends Error {
  /** What zot logs, where that is not the message. */
  readonly logged: string;
  /** What stands beside the logged message. */
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(message: string, logged: string = message, fields: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.logged = logged;
    this.fields = fields;
  }
}

/** Go's words for a file that cannot be opened. */
export function goOpenError(file: string, error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  const words: Record<string, string> = {
    ENOENT: "no such file or directory",
    EACCES: "permission denied",
    EISDIR: "is a directory",
  };
  return `open ${file}: ${words[code ?? ""] ?? String(code)}`;
}

/** Parses JSON; the errors are in Go's words. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Error(`While parsing config: ${goJsonError(text, error)}`, { cause: error });
  }
}

function goJsonError(text: string, error: unknown): string {
  const message = error instanceof Error ? error.message : "";
  const position = /position (\d+)/.exec(message)?.[1];
  // V8 gives a position only sometimes; without one, what it quotes is the offending character.
  const character = position === undefined ? /token '(.)'/su.exec(message)?.[1] : text[Number(position)];
  if (text.trim() === "" || character === undefined || /end of JSON|Unterminated/.test(message)) {
    return "unexpected end of JSON input";
  }
  const expectsKey = /double-quoted property name|Expected property name/.test(message);
  return `invalid character '${character}' looking for beginning of ${expectsKey ? "object key string" : "value"}`;
}
