import { isDue, plus, rfc3339 } from "../rotation.ts";

/** Where keys work, and with which user name. */
export interface KeyPlace {
  /** The registry's address, without a trailing slash. */
  readonly registryUrl: string;
  readonly username: string;
}

/** A place that earlier settings named: fields of 1Password may still hold keys of there. */
export interface FormerPlace extends KeyPlace {
  /** When its last key expires at the latest, RFC 3339. */
  readonly expires: string;
}

interface Declared extends KeyPlace {
  /** Seconds that a key is valid. Absent in the state of earlier versions. */
  readonly lifetime?: number;
}

/** The former places after a change of the settings. */
export function formerPlacesAfter(
  state: (Declared & { readonly formerPlaces?: readonly FormerPlace[] }) | undefined,
  inputs: Required<Declared>,
  now: Date,
): readonly FormerPlace[] {
  if (state === undefined) return [];
  const { registryUrl, username, lifetime, formerPlaces = [] } = state;
  const expires = plus(rfc3339(now), Math.max(lifetime ?? 0, inputs.lifetime));
  const others = formerPlaces.filter((place) => !isSame(place, state) && !isDue(place.expires, now));
  return [...others, { registryUrl, username, expires }].filter((place) => !isSame(place, inputs));
}

function isSame(one: KeyPlace, other: KeyPlace): boolean {
  return one.registryUrl === other.registryUrl && one.username === other.username;
}
