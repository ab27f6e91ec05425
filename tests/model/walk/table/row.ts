import type { Path, Place } from "../stack/place.ts";

/** Another value of a setting, played in the model. */
export interface Alternative {
  readonly to: (place: Place) => unknown;
  /** Settings that have to change with it. */
  readonly also?: (place: Place) => Readonly<Record<Path, unknown>>;
  /** Settings that the setting needs, before and after. */
  readonly given?: (place: Place) => Readonly<Record<Path, unknown>>;
  /** Why CI may be without a key for a moment, or hold one that zot refuses. The description of the setting says so. */
  readonly gap?: string;
  /** What `destroy` leaves by intent. */
  readonly leaves?: readonly string[];
  /** What is wrong today. The test fails as soon as it is right. */
  readonly known?: string;
}

/** Where a setting changes that the model cannot play, and why. */
export interface Elsewhere {
  readonly elsewhere: string;
}

export type Table = Readonly<Record<Path, Alternative | Elsewhere>>;

/** A value that does not depend on the place. */
export function to(value: unknown, more: Omit<Alternative, "to"> = {}): Alternative {
  return { ...more, to: () => value };
}

export function at(path: (place: Place) => unknown, more: Omit<Alternative, "to"> = {}): Alternative {
  return { ...more, to: path };
}
