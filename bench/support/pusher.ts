import { setTimeout as delay } from "node:timers/promises";
import { probeImage } from "../../systems/zot/access/proof/probeImage.ts";
import type { Homelab } from "../../tests/engine/support/homelab.ts";

/** A request of a client that pushes, in milliseconds since 1970. */
export interface PushRequest {
  readonly begun: number;
  readonly ended: number;
  /** 0 if there was no response. */
  readonly status: number;
}

/** Milliseconds between two pushes of a client. */
const EVERY = 300;

/** Pushes an image of its own every {@link EVERY} milliseconds with the key that Forgejo has, as jobs do, until the signal. */
export async function push(homelab: Homelab, client: string, until: AbortSignal): Promise<readonly PushRequest[]> {
  const requests: PushRequest[] = [];
  for (let count = 0; !until.aborted; count += 1) {
    const next = delay(EVERY);
    await pushOne(homelab, `${client}-${count}`, requests);
    await next;
  }
  return requests;
}

async function pushOne(homelab: Homelab, name: string, requests: PushRequest[]): Promise<void> {
  const key = homelab.ciKey("homelab/apps") ?? "";
  const { blobs, manifest, mediaType } = probeImage(name);
  const ask = async (
    path: string,
    options: { method: string; type?: string; body?: Uint8Array<ArrayBuffer> },
  ): Promise<Response | undefined> => {
    const begun = Date.now();
    let answer: Response | undefined;
    try {
      answer = await homelab.registry(path, { key, ...options });
      await answer.arrayBuffer();
    } catch {
      // A request without a response counts as failed.
    }
    requests.push({ begun, ended: Date.now(), status: answer?.status ?? 0 });
    return answer;
  };
  for (const { digest, bytes } of blobs) {
    const begun = await ask(`/v2/homelab/${name}/blobs/uploads/`, { method: "POST" });
    const location = begun?.headers.get("location");
    if (begun === undefined || typeof location !== "string") return;
    const { pathname, search } = new URL(location, begun.url);
    const path = `${pathname}${search === "" ? "?" : `${search}&`}digest=${digest}`;
    await ask(path, { method: "PUT", type: "application/octet-stream", body: bytes });
  }
  await ask(`/v2/homelab/${name}/manifests/v1`, { method: "PUT", type: mediaType, body: manifest.bytes });
}
