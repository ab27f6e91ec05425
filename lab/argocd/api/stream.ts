// Part of the lab's Argo CD: the stream of application changes.
import type { Context } from "hono";
import type { Application } from "../application.ts";
import type { State } from "../state.ts";

/** Streams the current state and every change, one JSON object per line, or as server-sent events if the client accepts them. */
export function streamApplications(
  context: Context,
  state: State,
  isWanted: (application: Application) => boolean,
): Response {
  const events = context.req.header("accept") === "text/event-stream";
  const encoder = new TextEncoder();
  let stop = (): void => undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const send = (type: string, application: Application) => {
        const line = JSON.stringify({ result: { type, application } });
        controller.enqueue(encoder.encode(events ? `data: ${line}\n\n` : `${line}\n`));
      };
      stop = state.listen((type, application) => {
        if (isWanted(application)) send(type, application);
      });
      for (const application of state.applications.values()) if (isWanted(application)) send("ADDED", application);
    },
    cancel: () => stop(),
  });
  return new Response(body, {
    headers: {
      "content-type": events ? "text/event-stream" : "application/json",
      "grpc-metadata-content-type": "application/grpc",
    },
  });
}

/** Like the real server, never responds if the client may not see any application. */
export function silence(): Promise<Response> {
  return new Promise(() => undefined);
}
