// Part of the lab's Kubernetes: stands in for the kubelet, which shows a ConfigMap to its pods as files.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Cluster } from "./objects/cluster.ts";

/** A ConfigMap whose keys are kept as files of a directory. */
export interface Projection {
  readonly namespace: string;
  readonly configMap: string;
  /** Made if it is not there. Files that no key ever made are left alone. */
  readonly directory: string;
  /** Milliseconds between a change and its files. A real kubelet takes up to a minute and a half. Default 300. */
  readonly delayMs?: number;
}

/** Writes the files now and after each change, until the returned function is called. */
export function project(cluster: Cluster, projection: Projection): () => void {
  const { namespace, configMap, delayMs = 300 } = projection;
  let timer: NodeJS.Timeout | undefined;
  writeFiles(cluster, projection);
  const unwatch = cluster.watch(({ resource, object: { metadata } }) => {
    if (resource !== "configmaps" || metadata.namespace !== namespace || metadata.name !== configMap) return;
    // One run shows whatever the ConfigMap holds when it comes, so a second change needs no run of its own.
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

/** A deleted ConfigMap leaves its files, as with the kubelet, which cannot update a volume without its source. */
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
