/** How much of each form is searched for, so that a truncated secret is found, too. */
const ENOUGH = 20;

/** Values that are sent, signed or passed on as secrets, whatever they are. */
const PATTERNS: Readonly<Record<string, RegExp>> = {
  "a JSON Web Token": /eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}/,
  "an authorization code": /[?&]code=[\w-]{10,}/,
  "a session's cookie": /authentik_session=[\w-]|[ ;"]session=[\w-]{20,}/,
  "a header with credentials": /authorization"?: *"?(?:basic|bearer|token) +[\w+/-]{12,}/i,
};

export interface Finding {
  /** Which secret, and in which form. */
  readonly what: string;
  readonly where: string;
}

/** Looks for secrets in texts, in every form that they would have in a file, a log, a URL or a header. */
export class SecretSearch {
  readonly #needles: readonly (readonly [what: string, needle: string])[];

  /** @param secrets by their names */
  constructor(secrets: Readonly<Record<string, string>>) {
    this.#needles = Object.entries(secrets).flatMap(([name, secret]) => {
      if (secret.length < ENOUGH) throw new Error(`${name} is too short to be looked for`);
      return [...formsOf(secret)].map(([needle, form]) => [`${name} ${form}`, needle] as const);
    });
  }

  /** The secrets that are in the text. */
  find(text: string, where: string): Finding[] {
    return this.#needles.filter(([, needle]) => text.includes(needle)).map(([what]) => ({ what, where }));
  }
}

/** Patterns of credentials, whoever issued them. */
export function findPatterns(text: string, where: string): Finding[] {
  return Object.entries(PATTERNS)
    .filter(([, pattern]) => pattern.test(text))
    .map(([what]) => ({ what, where }));
}

/** The beginning of each form of a secret, and what the form is called. */
function formsOf(secret: string): Map<string, string> {
  const forms = new Map<string, string>();
  const add = (text: string, form: string): void => {
    const needle = text.slice(0, ENOUGH);
    if (!forms.has(needle)) forms.set(needle, form);
  };
  add(secret, "as it is");
  add(JSON.stringify(secret).slice(1, -1), "in JSON");
  add(encodeURIComponent(secret), "in a URL");
  const hex = Buffer.from(secret).toString("hex");
  add(hex, "in hex");
  add(hex.toUpperCase(), "in hex");
  // With anything before it, such as `zot-ci:` or a JSON object's other fields. The first characters then are not its own alone.
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
