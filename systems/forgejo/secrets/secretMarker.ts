/** What a workflow needs beside the key to push with it. */
export interface PushLogin {
  /** The account's user name. */
  readonly user: string;
  /** The registry's address: `https://registry.example.net`. */
  readonly registry: string;
  /** The namespace that image names begin with, without the registry: `homelab`. */
  readonly prefix: string;
  /** What a job asks its token for, if it pushes with that and not with a key. */
  readonly audience?: string | undefined;
  /** Whether the job may push with a key that it creates with its token. Default: no. */
  readonly shortKey?: boolean | undefined;
}

/**
 * The value of the variable beside an Actions secret: `label=zot-auth/homelab/3 fingerprint=0123456789abcdef expires=2026-04-01T00:00:00Z target=own/app url=https://forge.example.net`.
 * Beside the CI key, and for jobs that push with their tokens, it goes on with `user=zot-ci registry=https://registry.example.net prefix=homelab`, which workflows read.
 * Forgejo never returns a secret's value, so this is how people, and a refresh, see which secret is there.
 */
export interface SecretMarker {
  /** Its owner, `<stack's name>/<what>`: `zot-auth/homelab/3`. */
  readonly label: string;
  /** Identifies the secret without revealing it. */
  readonly fingerprint: string;
  /** RFC 3339; missing if unknown. */
  readonly expires?: string;
  /** The target as in the settings. Two names can mean the same repository; the last writer owns the secret. */
  readonly target: string;
  /** Forgejo's address as in the settings. After a change of `forgejo.url`, it shows whether the old address is another Forgejo. */
  readonly url: string;
  /** Missing beside other secrets, and in the state of earlier versions. */
  readonly login?: PushLogin | undefined;
}

/** A marker of ours, complete, in progress, or from an earlier version. */
export interface SeenMarker {
  readonly label: string;
  /** Missing in markers of earlier versions. */
  readonly target: string | undefined;
  /** Missing in markers of earlier versions. */
  readonly url: string | undefined;
}

export function markerText({ label, fingerprint, expires, target, url, login }: SecretMarker): string {
  return [
    `label=${label}`,
    `fingerprint=${fingerprint}`,
    ...(expires === undefined ? [] : [`expires=${expires}`]),
    `target=${target}`,
    `url=${url}`,
    ...loginWords(login),
  ].join(" ");
}

/** Whether the text is that marker; those of earlier versions have no address. */
export function isMarker(text: string, marker: SecretMarker): boolean {
  const full = markerText(marker);
  return text === full || text === full.slice(0, full.lastIndexOf(" url="));
}

/**
 * The marker while the secret changes: whoever finds it knows that the secret may be the old one, the new one, or deleted.
 */
export function changingText({ label, target, url, login }: Omit<SecretMarker, "fingerprint" | "expires">): string {
  return [`label=${label} changing=true target=${target} url=${url}`, ...loginWords(login)].join(" ");
}

/** Also while the secret changes: a job that starts then has one key or the other, and both work. */
function loginWords(login: PushLogin | undefined): readonly string[] {
  if (login === undefined) return [];
  const { user, registry, prefix, audience, shortKey = false } = login;
  return [
    `user=${user}`,
    `registry=${registry}`,
    `prefix=${prefix}`,
    ...(audience === undefined ? [] : [`audience=${audience}`]),
    ...(shortKey ? ["shortkey=true"] : []),
  ];
}

/** Parses a marker; `undefined` if the variable is unmanaged. */
export function parseMarker(text: string): SeenMarker | undefined {
  const match =
    /^label=(\S+) (?:changing=true|fingerprint=[0-9a-f]{16}(?: expires=\S+)?)(?: target=(\S+))?(?: url=(\S+))?(?: [a-z]+=\S+)*$/.exec(
      text.trim(),
    );
  return match?.[1] === undefined ? undefined : { label: match[1], target: match[2], url: match[3] };
}

/** The owner in a label. The key's label ends with its generation. */
export function ownerOfLabel(label: string): string {
  return label.replace(/\/\d+$/, "");
}
