// Stands in for zot: its configuration errors.

/** zot rejects the configuration. The message is what zot prints after `Error: `. */
export class ConfigError extends Error {
  /** What zot logs. Default: the message. */
  readonly logged: string;
  /** The other fields of the log line. */
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(message: string, logged: string = message, fields: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.logged = logged;
    this.fields = fields;
  }
}

/** Go's message for a file that cannot be opened. */
export function goOpenError(file: string, error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  const words: Record<string, string> = {
    ENOENT: "no such file or directory",
    EACCES: "permission denied",
    EISDIR: "is a directory",
  };
  return `open ${file}: ${words[code ?? ""] ?? String(code)}`;
}

/** Parses JSON. Throws Go's messages. */
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
  // V8 does not always give a position; without one, it quotes the offending character.
  const character = position === undefined ? /token '(.)'/su.exec(message)?.[1] : text[Number(position)];
  if (text.trim() === "" || character === undefined || /end of JSON|Unterminated/.test(message)) {
    return "unexpected end of JSON input";
  }
  const expectsKey = /double-quoted property name|Expected property name/.test(message);
  return `invalid character '${character}' looking for beginning of ${expectsKey ? "object key string" : "value"}`;
}
