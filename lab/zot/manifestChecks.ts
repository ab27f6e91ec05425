// Stands in for zot: whether a manifest is one, by the OCI image specification's schema.
import type { Manifest } from "./repositories.ts";

export const manifestType = "application/vnd.oci.image.manifest.v1+json";
export const indexType = "application/vnd.oci.image.index.v1+json";

/** The media types that zot takes without compatibility settings. */
export function isManifestType(mediaType: string): boolean {
  return mediaType === manifestType || mediaType === indexType;
}

const requiredFields: Readonly<Record<string, readonly string[]>> = {
  [manifestType]: ["schemaVersion", "config", "layers"],
  [indexType]: ["schemaVersion", "manifests"],
};

/** The manifest, or else what the answer says about the problem. */
export function manifestProblem(
  mediaType: string,
  text: string,
): { readonly manifest?: Manifest; readonly problem?: Readonly<Record<string, string>> } {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return { problem: {} };
  }
  if (typeof document !== "object" || document === null) return { problem: {} };
  const missing = (requiredFields[mediaType] ?? []).filter((field) => !(field in document));
  if (missing.length > 0) {
    const schema = mediaType === indexType ? "image-index" : "manifest";
    const names = missing.map((field) => `'${field}'`).join(", ");
    const jsonSchemaValidation =
      `validation failed: jsonschema: '' does not validate with https://opencontainers.org/schema/image/${schema}#/required: ` +
      `missing properties: ${names}`;
    return { problem: { jsonSchemaValidation } };
  }
  return isManifest(document) ? { manifest: document } : { problem: {} };
}

function isManifest(document: object): document is Manifest {
  const { schemaVersion, config, layers, manifests, subject } = document as Record<string, unknown>;
  return (
    schemaVersion === 2 &&
    [config, subject].every((value) => value === undefined || value === null || isDescriptor(value)) &&
    [layers, manifests].every((value) => value === undefined || (Array.isArray(value) && value.every(isDescriptor)))
  );
}

function isDescriptor(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { digest, mediaType, size } = value as Record<string, unknown>;
  return typeof digest === "string" && typeof mediaType === "string" && typeof size === "number";
}
