import type { Settings } from "../../../settings/schema.ts";

/** How the blueprint gets to Authentik. */
export type Delivery =
  | { readonly kind: "configMap" }
  /** A file of a clone of the repository that the homelab is deployed from. */
  | { readonly kind: "file"; readonly file: string }
  | { readonly kind: "api" };

/** Reads the setting; `undefined`: it is none. */
export function parseDelivery(text: string): Delivery | undefined {
  if (text === "configMap" || text === "api") return { kind: text };
  const file = /^file:(\S.*)$/.exec(text)?.[1];
  return file === undefined ? undefined : { kind: "file", file };
}

export function deliveryOf({ authentik }: Settings): Delivery {
  const delivery = parseDelivery(authentik.delivery);
  if (delivery === undefined) throw new TypeError("a delivery that the settings let through cannot be read");
  return delivery;
}

/** What has to happen until Authentik's worker has the text, for a person who waits for it. */
export function arrivalOf(settings: Settings): string {
  const { authentik, kubernetes } = settings;
  const delivery = deliveryOf(settings);
  switch (delivery.kind) {
    case "configMap":
      return `It comes by the key ${kubernetes.key} of the ConfigMap ${kubernetes.namespace}/${kubernetes.configMap}, which the worker has to mount so that it is ${authentik.blueprintPath} to it.`;
    case "file":
      return `It comes by ${delivery.file}: commit and push that file, and have it deployed so that it is ${authentik.blueprintPath} to the worker.`;
    case "api":
      return "It comes by Authentik's API.";
  }
}

const INLINE = "inline:";

/**
 * Where Authentik has the blueprint: a path below its blueprint folder, or, delivered by its API, `inline:` and the instance's name without
 * the hash that follows it.
 */
export function blueprintPlace(settings: Settings): string {
  const { application, blueprintPath } = settings.authentik;
  return deliveryOf(settings).kind === "api" ? INLINE + inlineNameFor(application) : blueprintPath;
}

/**
 * The name of the blueprint that is delivered by the API, without the hash that follows it.
 *
 * @param application the application's slug
 */
export function inlineNameFor(application: string): string {
  return `zot-auth ${application}`;
}

/** The name of a blueprint delivered by the API, `undefined` for a file. */
export function inlineName(place: string): string | undefined {
  return place.startsWith(INLINE) ? place.slice(INLINE.length) : undefined;
}

/** The text as Authentik's API keeps it: without white space at its ends. */
export function inlineText(text: string): string {
  return text.trim();
}
