// Part of the lab's Argo CD: the stream of an application's changes.
import type { Context } from "hono";
import type { Application } from "../application.ts";
import type { State } from "../state.ts";

/** The state now and after every write, one JSON object a line, or as server-sent events where the client asks for them. */
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

/** What the real server does where there is nothing that the client may see: it does not answer at all. */
export function silence(): Promise<Response> {
  return new Promise(() => undefined);
}
