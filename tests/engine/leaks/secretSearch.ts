/** Number of characters of each form to search for, so that truncated secrets are found too. */
const ENOUGH = 20;

/** Patterns of credentials, whatever their value. */
const PATTERNS: Readonly<Record<string, RegExp>> = {
  "a JSON Web Token": /eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}/,
  "an authorization code": /[?&]code=[\w-]{10,}/,
  "a session's cookie": /authentik_session=[\w-]|[ ;"]session=[\w-]{20,}/,
  "a header with credentials": /authorization"?: *"?(?:basic|bearer|token) +[\w+/-]{12,}/i,
};

export interface Finding {
  /** The secret and its form. */
  readonly what: string;
  readonly where: string;
}

/** Searches texts for secrets in every form that they would have in a file, a log, a URL or a header. */
export class SecretSearch {
  readonly #needles: readonly (readonly [what: string, needle: string])[];

  /** @param secrets values by name */
  constructor(secrets: Readonly<Record<string, string>>) {
    this.#needles = Object.entries(secrets).flatMap(([name, secret]) => {
      if (secret.length < ENOUGH) throw new Error(`${name} is too short to search for`);
      return [...formsOf(secret)].map(([needle, form]) => [`${name} ${form}`, needle] as const);
    });
  }

  /** The secrets in the text. */
  find(text: string, where: string): Finding[] {
    return this.#needles.filter(([, needle]) => text.includes(needle)).map(([what]) => ({ what, where }));
  }
}

/** Finds credentials by pattern, even unknown ones. */
export function findPatterns(text: string, where: string): Finding[] {
  return Object.entries(PATTERNS)
    .filter(([, pattern]) => pattern.test(text))
    .map(([what]) => ({ what, where }));
}

/** The beginning of each form of a secret, with the form's name. */
function formsOf(secret: string): Map<string, string> {
  const forms = new Map<string, string>();
  const add = (text: string, form: string): void => {
    const needle = text.slice(0, ENOUGH);
    if (!forms.has(needle)) forms.set(needle, form);
  };
  add(secret, "in plain text");
  add(JSON.stringify(secret).slice(1, -1), "in JSON");
  add(encodeURIComponent(secret), "in a URL");
  const hex = Buffer.from(secret).toString("hex");
  add(hex, "in hex");
  add(hex.toUpperCase(), "in hex");
  // At every offset, since other text such as `zot-ci:` may precede the secret. Skips characters that also encode the preceding text.
  for (const [before, shared] of [
    [0, 0],
    [1, 2],
    [2, 3],
  ] as const) {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]);
    add(bytes.toString("base64").slice(shared), "in base64");
    add(bytes.toString("base64url").slice(shared), "in base64");
  }
  return forms;
}
