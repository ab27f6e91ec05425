import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { probeImage } from "../../../systems/zot/access/proof/probeImage.ts";
import type { Homelab } from "../support/homelab.ts";

/** A push of an image, with the key that Forgejo had when it began. */
export interface Push {
  readonly key: string | undefined;
  /** Milliseconds since 1970. */
  readonly began: number;
  readonly ended: number;
  /** Result of each request or command, in order, such as `PUT 201`. */
  readonly answers: readonly string[];
}

/** Pushes an image with a key. The name must be new, since CI cannot overwrite. */
export type Send = (key: string, name: string) => Promise<readonly string[]>;

/** Milliseconds between two pushes. Without a pause the pushes would take both processors from the rotation that they watch. */
const PAUSE = 30;

/** Pushes again and again, each time with the key that Forgejo has for the repository. Continues for three pushes after the signal. */
export async function pushAllTheTime(
  homelab: Homelab,
  client: { readonly repository: string; readonly name: string; readonly send: Send },
  signal: AbortSignal,
): Promise<readonly Push[]> {
  const pushes: Push[] = [];
  for (let left = 3; left > 0; left -= signal.aborted ? 1 : 0) {
    const began = Date.now();
    const key = homelab.ciKey(client.repository);
    const answers =
      key === undefined
        ? [`${client.repository} has no key`]
        : await client.send(key, `${client.name}-${pushes.length}`);
    pushes.push({ key, began, ended: Date.now(), answers });
    await delay(PAUSE);
  }
  return pushes;
}

/** Pushes through the registry's API, in about ten milliseconds per image. Stops at the first error. */
export function byApi(homelab: Homelab): Send {
  return async (key, name) => {
    const { blobs, manifest, mediaType } = probeImage(name);
    const answers: string[] = [];
    const ask = async (path: string, method: string, type?: string, body?: Uint8Array<ArrayBuffer>) => {
      const answer = await homelab.registry(path, {
        key,
        method,
        ...(type === undefined ? {} : { type }),
        ...(body === undefined ? {} : { body }),
      });
      await answer.arrayBuffer();
      answers.push(`${method} ${answer.status}`);
      return answer;
    };
    for (const { digest, bytes } of blobs) {
      const begun = await ask(`/v2/homelab/${name}/blobs/uploads/`, "POST");
      if (!begun.ok) return answers;
      const { pathname, search } = new URL(begun.headers.get("location") ?? "", begun.url);
      const path = `${pathname}${search === "" ? "?" : `${search}&`}digest=${digest}`;
      if (!(await ask(path, "PUT", "application/octet-stream", bytes)).ok) return answers;
    }
    await ask(`/v2/homelab/${name}/manifests/v1`, "PUT", mediaType, manifest.bytes);
    return answers;
  };
}

/** Pushes with skopeo, as CI does. */
export function bySkopeo(homelab: Homelab, registryHost: string, folder: string): Send {
  mkdirSync(folder);
  const script = join(import.meta.dirname, "../../../lab/homelab/seed/apps/build.sh");
  const built = spawnSync("sh", [script, "no-gap", "1", "image"], { cwd: folder, encoding: "utf8" });
  if (built.status !== 0) throw new Error(built.stderr);
  return async (key, name) => {
    const { code, output } = await homelab.skopeo(
      "copy",
      "--dest-tls-verify=false",
      `--dest-creds=zot-ci:${key}`,
      `oci:${join(folder, "image")}`,
      `docker://${registryHost}/homelab/${name}:v1`,
    );
    return [code === 0 ? "skopeo 0" : `skopeo ${String(code)}: ${output}`];
  };
}
