import { messageOf } from "../../core/errors.ts";
import type { Endpoint, HttpResponse } from "../../core/http/http.ts";
import { Unreachable, request } from "../../core/http/http.ts";
import { at, list, string } from "../../core/json.ts";
import type { ProofRow } from "../../core/proofRow.ts";

/** The servers of a homelab. All but the first two and Forgejo are optional. */
export interface Servers {
  readonly registryUrl: string;
  readonly authentikUrl: string;
  readonly forgejoUrl: string;
  readonly argocdUrl?: string | undefined;
  readonly connectUrl?: string | undefined;
}

/** A server, and the request that needs no token and says whether it works. */
interface Server extends Endpoint {
  readonly path: string;
  /** Statuses that a working server answers, besides 2xx. */
  readonly works?: readonly number[];
  /** What is wrong by its answer; `undefined` if nothing is. */
  readonly complains?: (response: HttpResponse) => string | undefined;
}

export const ZOT = "zot";
export const AUTHENTIK = "Authentik's server";
export const FORGEJO = "Forgejo";
export const ARGOCD = "Argo CD";
export const CONNECT = "1Password Connect";

/** Seconds for which a restarting server is waited for. */
const RESTART_SECONDS = 10;

function serversOf(servers: Servers): readonly Server[] {
  const { registryUrl, authentikUrl, forgejoUrl, argocdUrl, connectUrl } = servers;
  return [
    // zot opens its port when it is ready, so its /readyz, which a proxy may hide, says no more.
    { name: ZOT, url: registryUrl, setting: "registry.url", path: "/v2/", works: [401] },
    { name: AUTHENTIK, url: authentikUrl, setting: "authentik.url", path: "/-/health/ready/" },
    { name: FORGEJO, url: forgejoUrl, setting: "forgejo.url", path: "/api/healthz" },
    ...(argocdUrl === undefined ? [] : [{ name: ARGOCD, url: argocdUrl, setting: "argocd.url", path: "/healthz" }]),
    ...(connectUrl === undefined
      ? []
      : [
          {
            name: CONNECT,
            url: connectUrl,
            setting: "onePassword.connectUrl",
            path: "/health",
            complains: inactiveParts,
          },
        ]),
  ];
}

/** Asks every server how it is, with one row each. It needs no token. */
export async function healthOf(servers: Servers, signal?: AbortSignal): Promise<readonly ProofRow[]> {
  return Promise.all(serversOf(servers).map(async (server) => rowOf(server, signal)));
}

async function rowOf(server: Server, signal: AbortSignal | undefined): Promise<ProofRow> {
  const { name, url, setting, path, works = [] } = server;
  const row = { name, expected: "an answer that it works" };
  const lookAt = `Check that ${name} runs, its log, and that ${setting} ${url} leads to it.`;
  try {
    const response = await request(server, path, { retry: { retryFor: RESTART_SECONDS }, signal, timeout: 10 });
    const { status } = response;
    if (works.includes(status) || (status >= 200 && status < 300)) {
      const wrong = server.complains?.(response);
      return wrong === undefined
        ? { ...row, measured: row.expected, outcome: "passed", lookAt: "" }
        : { ...row, measured: wrong, outcome: "failed", lookAt };
    }
    if (status >= 500) return { ...row, measured: `${status} at ${path}`, outcome: "failed", lookAt };
    return {
      ...row,
      measured: `it answers ${status} at ${path}`,
      outcome: "skipped",
      lookAt: `Let the proxy in front of ${name} pass ${path} on, if it is to be checked.`,
    };
  } catch (error) {
    signal?.throwIfAborted();
    const measured = error instanceof Unreachable ? `no answer (${error.reason})` : "an error";
    // A certificate that is not trusted, for example, names its own remedy.
    return { ...row, measured, outcome: "failed", lookAt: error instanceof Unreachable ? lookAt : messageOf(error) };
  }
}

/** What of Connect does not work. Before its first request, which brings the token, its synchronization waits for that. */
function inactiveParts({ json }: HttpResponse): string | undefined {
  const inactive = list(at(json, "dependencies"))
    .map((part) => ({ service: string(at(part, "service")), status: string(at(part, "status")) }))
    .filter(({ status }) => status !== "ACTIVE" && status !== "TOKEN_NEEDED");
  if (inactive.length === 0) return undefined;
  return inactive.map(({ service, status }) => `${service} is ${status}`).join(", ");
}
