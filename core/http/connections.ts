import type * as Undici from "undici";
import type { Dispatcher, RetryHandler } from "undici";
import { completeResponses } from "./completeResponses.ts";

/** Concurrent requests to one server. A Forgejo on SQLite gets no faster with more of them. */
const CONNECTIONS_PER_SERVER = 8;

let undici: Promise<typeof Undici> | undefined;
let dispatcher: Promise<Dispatcher> | undefined;

/**
 * The connections of this process. Opened on the first request: loading undici takes a tenth of a second, and most previews query
 * no server.
 */
export async function connections(retry: RetryHandler.RetryCallback): Promise<Dispatcher> {
  undici ??= import("undici");
  dispatcher ??= undici.then(open);
  const { interceptors } = await undici;
  return (await dispatcher).compose(interceptors.retry({ retry, throwOnError: false }));
}

/** Sends every request through another dispatcher, such as one that simulates the servers in this process. For tests. */
export function connectThrough(other: Dispatcher): void {
  dispatcher = Promise.resolve(other);
}

function open({ Agent, EnvHttpProxyAgent }: typeof Undici): Dispatcher {
  // An HTTP/2 connection would carry any number of requests at once.
  const options = { connections: CONNECTIONS_PER_SERVER, allowH2: false };
  const agent = usesProxyVariables() ? new EnvHttpProxyAgent(options) : new Agent(options);
  return agent.compose(completeResponses);
}

/** Node's own switch for `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`. */
function usesProxyVariables(): boolean {
  const flags = [...process.execArgv, process.env["NODE_OPTIONS"] ?? ""].join(" ");
  return process.env["NODE_USE_ENV_PROXY"] === "1" || flags.includes("--use-env-proxy");
}
