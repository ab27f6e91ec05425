/** How the blueprint reaches Authentik. */
export type BlueprintDelivery =
  /** One key of a ConfigMap that Authentik's worker mounts. All other keys stay as they are. */
  | {
      readonly kind: "configMap";
      readonly namespace: string;
      /** Name of the ConfigMap. */
      readonly configMap: string;
      readonly key: string;
      /** The path under which the worker sees the file, below its blueprint folder: `custom/zot.yaml`. */
      readonly blueprintPath: string;
    }
  /** A file of a clone of your GitOps repository, which you commit and push. */
  | {
      readonly kind: "file";
      readonly file: string;
      /** The path under which the worker sees the file, below its blueprint folder: `custom/zot.yaml`. */
      readonly blueprintPath: string;
    }
  /** Authentik's API. It needs no Kubernetes. */
  | { readonly kind: "api" };

/** What the setting says: `configMap`, `api`, or `file:` and a path. `undefined` for any other text. */
export function parseDelivery(
  text: string,
): { readonly kind: "configMap" | "api" } | { readonly kind: "file"; readonly file: string } | undefined {
  if (text === "configMap" || text === "api") return { kind: text };
  const file = /^file:(\S.*)$/.exec(text)?.[1];
  return file === undefined ? undefined : { kind: "file", file };
}

/**
 * Where Authentik's worker sees the file, unless the settings say otherwise: in the folder for one's own blueprints, under the file's name.
 *
 * @param source the file, or the key of the ConfigMap
 */
export function defaultBlueprintPath(source: string): string {
  return `custom/${source.slice(source.lastIndexOf("/") + 1)}`;
}

/**
 * Whether Authentik finds a blueprint under that path below its blueprint folder: it reads `*.yaml`, and nothing in a hidden file or folder.
 *
 * Source: `blueprints_find` in authentik/blueprints/v1/tasks.py.
 */
export function isBlueprintPath(path: string): boolean {
  return path.endsWith(".yaml") && path.split("/").every((part) => part !== "" && !part.startsWith("."));
}

/** How the text gets to Authentik's worker, for a person who waits for it. */
export function arrivalOf(delivery: BlueprintDelivery): string {
  switch (delivery.kind) {
    case "configMap":
      return `It comes from the key ${delivery.key} of the ConfigMap ${delivery.namespace}/${delivery.configMap}, which the worker must mount as ${delivery.blueprintPath}.`;
    case "file":
      return `It comes from ${delivery.file}: commit and push that file, and deploy it so that the worker sees it as ${delivery.blueprintPath}.`;
    case "api":
      return "It comes through Authentik's API.";
  }
}

const INLINE = "inline:";

/**
 * Where Authentik has the blueprint: a path below its blueprint folder, or, delivered by its API, `inline:` and the instance's name without
 * the hash at its end.
 *
 * @param application the application's slug
 */
export function blueprintPlace(delivery: BlueprintDelivery, application: string): string {
  return delivery.kind === "api" ? INLINE + inlineNameFor(application) : delivery.blueprintPath;
}

/**
 * The name of the blueprint that is delivered by the API, without the hash at its end.
 *
 * @param application the application's slug
 */
export function inlineNameFor(application: string): string {
  return `zot-auth ${application}`;
}

/** The name of a blueprint that is delivered by the API; `undefined` for a file. */
export function inlineName(place: string): string | undefined {
  return place.startsWith(INLINE) ? place.slice(INLINE.length) : undefined;
}

/** The text as Authentik's API keeps it: without white space at its ends. */
export function inlineText(text: string): string {
  return text.trim();
}
