// Part of the lab's Kubernetes: stands in for the kubelet, which mounts a ConfigMap as files.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Cluster } from "./objects/cluster.ts";

/** Writes a ConfigMap's keys as files to a directory. */
export interface Projection {
  readonly namespace: string;
  readonly configMap: string;
  /** Created if missing. Files that do not come from the ConfigMap are not touched. */
  readonly directory: string;
  /** Delay between a change and the update of the files, in milliseconds. A real kubelet takes up to 90 seconds. Default 300. */
  readonly delayMs?: number;
}

/** Writes the files now and after each change, until the returned function is called. */
export function project(cluster: Cluster, projection: Projection): () => void {
  const { namespace, configMap, delayMs = 300 } = projection;
  let timer: NodeJS.Timeout | undefined;
  writeFiles(cluster, projection);
  const unwatch = cluster.watch(({ resource, object: { metadata } }) => {
    if (resource !== "configmaps" || metadata.namespace !== namespace || metadata.name !== configMap) return;
    // A pending update writes the latest ConfigMap, so further changes need no other one.
    timer ??= setTimeout(() => {
      timer = undefined;
      writeFiles(cluster, projection);
    }, delayMs);
  });
  return () => {
    unwatch();
    clearTimeout(timer);
  };
}

/** Like the kubelet, keeps the files of a deleted ConfigMap. */
function writeFiles(cluster: Cluster, { namespace, configMap, directory }: Projection): void {
  const object = cluster.get("configmaps", namespace, configMap);
  mkdirSync(directory, { recursive: true });
  if (object === undefined) return;
  const contents = new Map<string, Buffer>();
  for (const [key, value] of Object.entries(object.data ?? {})) contents.set(key, Buffer.from(value));
  for (const [key, value] of Object.entries(object.binaryData ?? {})) contents.set(key, Buffer.from(value, "base64"));
  for (const [key, content] of contents) {
    const file = join(directory, key);
    if (current(file)?.equals(content) === true) continue;
    const temporary = join(directory, `..${key}.new`);
    writeFileSync(temporary, content);
    renameSync(temporary, file);
  }
  for (const key of cluster.projected(directory)) {
    if (!contents.has(key)) rmSync(join(directory, key), { force: true });
  }
  cluster.setProjected(directory, [...contents.keys()]);
}

function current(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
