// Part of the lab's Argo CD: the three-way merge of client-side apply.
import type { LiveObject } from "./kubernetesClient.ts";
import type { Manifest } from "../repository.ts";

export const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
export const TRACKING = "argocd.argoproj.io/tracking-id";

type Fields = Readonly<Record<string, unknown>>;

/** The manifest as Argo CD applies it, with its namespace and tracking annotation. */
export function tracked(manifest: Manifest, application: string, namespace: string | undefined): Manifest {
  const { metadata, apiVersion, kind } = manifest;
  const group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
  const id = `${application}:${group}/${kind}:${namespace ?? ""}/${metadata.name}`;
  const annotations = isFields(metadata["annotations"]) ? metadata["annotations"] : {};
  return {
    ...manifest,
    metadata: {
      ...metadata,
      annotations: { ...annotations, [TRACKING]: id },
      ...(namespace === undefined ? {} : { namespace }),
    },
  };
}

/** Adds the last-applied annotation, with which the next apply finds what was removed from Git. */
export function annotated(target: Manifest): Manifest {
  const annotations = isFields(target.metadata["annotations"]) ? target.metadata["annotations"] : {};
  const note = `${JSON.stringify(sorted(target))}\n`;
  return { ...target, metadata: { ...target.metadata, annotations: { ...annotations, [LAST_APPLIED]: note } } };
}

export function lastApplied(live: LiveObject): Fields {
  const note = live.metadata.annotations?.[LAST_APPLIED];
  if (note === undefined) return {};
  try {
    const parsed: unknown = JSON.parse(note);
    return isFields(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

/**
 * The patch for `live`: values that differ from `target`, and null for fields in `original` but not in `target`, regardless of
 * their current owner. Other fields are not touched.
 */
export function threeWayPatch(original: Fields, target: Fields, live: Fields): Fields {
  const patch: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(target)) {
    const current = live[name];
    if (isFields(value)) {
      const before = original[name];
      const nested = threeWayPatch(isFields(before) ? before : {}, value, isFields(current) ? current : {});
      if (Object.keys(nested).length > 0) patch[name] = nested;
    } else if (JSON.stringify(current) !== JSON.stringify(value)) patch[name] = value;
  }
  for (const name of Object.keys(original)) if (!(name in target) && name in live) patch[name] = null;
  return patch;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sorted(value: unknown): unknown {
  if (!isFields(value)) return value;
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, sorted(value[name])]));
}
