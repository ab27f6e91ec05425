// Stands in for zot: validates a manifest by the OCI image specification and lists the blobs it needs.
import { isObject } from "../../shared/json.ts";
import type { Descriptor, Manifest } from "./repositories.ts";

export const manifestType = "application/vnd.oci.image.manifest.v1+json";
export const indexType = "application/vnd.oci.image.index.v1+json";

/** Whether zot accepts the media type without compatibility settings. */
export function isManifestType(mediaType: string): boolean {
  return mediaType === manifestType || mediaType === indexType;
}

const checkedConfigTypes = ["application/vnd.oci.image.config.v1+json", "application/vnd.oci.empty.v1+json"];
const layerElsewhere = /^application\/vnd\.oci\.image\.layer\.nondistributable\.v1\.tar(?:\+gzip|\+zstd)?$/;

/** The blobs that must be in the repository before the manifest. zot checks indexes, and images whose config type it knows. */
export function neededBlobs({ config, layers = [], manifests = [] }: Manifest): readonly Descriptor[] {
  if (config === undefined) return manifests;
  if (!checkedConfigTypes.includes(config.mediaType)) return [];
  return [config, ...layers.filter(({ mediaType }) => !layerElsewhere.test(mediaType))];
}

const requiredFields: Readonly<Record<string, readonly string[]>> = {
  [manifestType]: ["schemaVersion", "config", "layers"],
  [indexType]: ["schemaVersion", "manifests"],
};

/** The manifest, or the detail of the error. */
export function manifestProblem(
  mediaType: string,
  text: string,
): { readonly manifest?: Manifest; readonly problem?: Readonly<Record<string, string>> } {
  if (text === "") return { problem: {} };
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return mismatch("not JSON");
  }
  if (!isObject(document)) return mismatch("not an object");
  const missing = (requiredFields[mediaType] ?? []).filter((field) => !(field in document));
  if (missing.length > 0) {
    const schema = mediaType === indexType ? "index" : "manifest";
    const names = missing.map((field) => `'${field}'`).join(", ");
    const jsonSchemaValidation =
      `validation failed: jsonschema: '' does not validate with https://opencontainers.org/schema/image/${schema}#/required: ` +
      `missing properties: ${names}`;
    return { problem: { jsonSchemaValidation } };
  }
  return isManifest(document) ? { manifest: document } : mismatch("a field does not match the specification");
}

/** Here zot quotes its parser or its schema; the stand-in has its own wording. */
function mismatch(reason: string): { readonly problem: Readonly<Record<string, string>> } {
  return { problem: { jsonSchemaValidation: `manifest format mismatch: ${reason}` } };
}

function isManifest(
  document: Readonly<Record<string, unknown>>,
): document is Readonly<Record<string, unknown>> & Manifest {
  const { schemaVersion, config, layers, manifests, subject, annotations } = document;
  return (
    schemaVersion === 2 &&
    [config, subject].every((value) => value === undefined || isDescriptor(value)) &&
    [layers, manifests].every((value) => value === undefined || (Array.isArray(value) && value.every(isDescriptor))) &&
    isAnnotations(annotations)
  );
}

const mediaTypePattern = /^[A-Za-z0-9][A-Za-z0-9!#$&\-^_.+]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&\-^_.+]{0,126}$/;
const digestPattern = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/;

function isDescriptor(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { digest, mediaType, size, annotations } = value;
  return (
    typeof digest === "string" &&
    digestPattern.test(digest) &&
    typeof mediaType === "string" &&
    mediaTypePattern.test(mediaType) &&
    Number.isInteger(size) &&
    isAnnotations(annotations)
  );
}

function isAnnotations(value: unknown): boolean {
  return value === undefined || (isObject(value) && Object.values(value).every((text) => typeof text === "string"));
}
