// Part of the lab's kube-apiserver: watches, which stream changes.
import type { Context } from "hono";
import type { Change, Cluster } from "../objects/cluster.ts";
import type { Selection } from "./selection.ts";
import { isSelected } from "./selection.ts";
import type { Status } from "./status.ts";
import { StatusError } from "./status.ts";

/** What to watch. Without a selection, the watch reports nothing. */
export interface Watched {
  readonly kind: string;
  readonly selection: Selection | undefined;
}

/** Streams one JSON object per line until the client disconnects or `timeoutSeconds` have passed. */
export function watch(context: Context, cluster: Cluster, watched: Watched): Response {
  const { selection } = watched;
  const from = context.req.query("resourceVersion") ?? "";
  const listFirst = context.req.query("sendInitialEvents") === "true";
  const timeout = Number(context.req.query("timeoutSeconds") ?? "0");
  let stop = (): void => undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const encoder = new TextEncoder();
      const send = (type: string, object: unknown) =>
        controller.enqueue(encoder.encode(`${JSON.stringify({ type, object })}\n`));
      const report = ({ type, resource, object }: Change) => {
        if (selection !== undefined && isSelected(selection, resource, object)) send(type, object);
      };
      if (listFirst || from === "" || from === "0") {
        const { resource, namespace, matches } = selection ?? {
          resource: "configmaps",
          namespace: "",
          matches: () => false,
        };
        for (const object of cluster.list(resource, namespace).filter(matches)) send("ADDED", object);
        if (listFirst) send("BOOKMARK", bookmark(watched.kind, cluster.version));
      } else {
        const missed = cluster.since(Number(from));
        if (missed === undefined) {
          send("ERROR", tooOld(from, cluster.version));
          controller.close();
          return;
        }
        for (const change of missed) report(change);
      }
      const unwatch = cluster.watch(report);
      const timer =
        timeout > 0
          ? setTimeout(() => {
              stop();
              controller.close();
            }, timeout * 1000)
          : undefined;
      stop = () => {
        unwatch();
        clearTimeout(timer);
      };
    },
    cancel: () => stop(),
  });
  return new Response(body, { headers: { "content-type": "application/json" } });
}

/** Marks the end of the initial list. */
function bookmark(kind: string, version: number): unknown {
  const annotations = { "k8s.io/initial-events-end": "true" };
  const metadata = { resourceVersion: String(version), creationTimestamp: null, annotations };
  return { kind, apiVersion: "v1", metadata };
}

function tooOld(from: string, version: number): Status {
  return new StatusError(410, "Expired", `too old resource version: ${from} (${version})`).status;
}
