/**
 * What the variable beside an Actions secret says: `label=zot-auth/homelab/3 fingerprint=0123456789abcdef expires=2026-04-01T00:00:00Z target=own/app`.
 * Forgejo never tells a secret's value, so this is how anybody, and a refresh, sees which one is there.
 */
export interface SecretMarker {
  /** Whose it is, `<stack's name>/<what>`: `zot-auth/homelab/3`. */
  readonly label: string;
  /** Which secret it is, without telling the secret. */
  readonly fingerprint: string;
  /** RFC 3339; left out where nobody knows. */
  readonly expires?: string;
  /** The target as the settings name it. Two names can mean the same repository; the last one that wrote owns the secret. */
  readonly target: string;
}

/** What a marker of ours says, whether whole, begun, or written by an earlier version. */
export interface SeenMarker {
  readonly label: string;
  /** Absent in what earlier versions wrote. */
  readonly target: string | undefined;
}

export function markerText({ label, fingerprint, expires, target }: SecretMarker): string {
  return [
    `label=${label}`,
    `fingerprint=${fingerprint}`,
    ...(expires === undefined ? [] : [`expires=${expires}`]),
    `target=${target}`,
  ].join(" ");
}

/**
 * Stands there from before the secret is touched until after: whoever finds it knows that the secret may be the one of before, the one of
 * after, or gone.
 */
export function changingText({ label, target }: Pick<SecretMarker, "label" | "target">): string {
  return `label=${label} changing=true target=${target}`;
}

/** Reads a marker; `undefined` when the variable is somebody else's. */
export function parseMarker(text: string): SeenMarker | undefined {
  const match = /^label=(\S+) (?:changing=true|fingerprint=[0-9a-f]{16}(?: expires=\S+)?)(?: target=(\S+))?$/.exec(
    text.trim(),
  );
  return match?.[1] === undefined ? undefined : { label: match[1], target: match[2] };
}

/** Whose secret a label names: that of the key has the key's generation at its end. */
export function ownerOfLabel(label: string): string {
  return label.replace(/\/\d+$/, "");
}
