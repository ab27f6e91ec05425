import { ZotAuthError } from "../../core/errors.ts";
import type { Endpoint } from "../../core/http/http.ts";
import { Unreachable, request } from "../../core/http/http.ts";
import { at } from "../../core/json.ts";
import { Secret } from "../../core/secrets/secret.ts";
import { Forgejo } from "../forgejo/client.ts";
import { runnersOf } from "../forgejo/jobs/jobs.ts";
import { ApiServer } from "../kubernetes/client.ts";
import { accessFrom } from "../kubernetes/kubeconfig.ts";
import { runOp } from "../onePassword/op/opProcess.ts";
import { resolveSecret } from "../onePassword/resolver.ts";
import type { ServicesArgs } from "./args.ts";

/** Where a server says which release it is. */
interface Source {
  readonly name: string;
  readonly url: string;
  readonly setting: string;
  readonly path: string;
  readonly key: string;
  /** The Authorization header, for a server that shows its version only to those who are signed in. */
  readonly authorization?: () => Promise<string>;
}

type Versions = Readonly<Record<string, string>>;

/**
 * The releases of the servers, by name. A server that does not tell is left out: nothing depends on its version but a reader of the report.
 */
export async function versionsOf(services: ServicesArgs, signal: AbortSignal): Promise<Versions> {
  const all = await Promise.all([
    ownVersions(services, signal),
    runnerVersions(services, signal),
    clusterVersion(services, signal),
    opVersion(services, signal),
  ]);
  return Object.assign({}, ...all) as Versions;
}

/** Of the servers that have an address for it. */
async function ownVersions(
  { authentik, forgejo, argocd, connectUrl }: ServicesArgs,
  signal: AbortSignal,
): Promise<Versions> {
  const header = async (kind: string, reference: typeof authentik.authentikToken): Promise<string> =>
    `${kind} ${(await resolveSecret(reference, signal)).reveal()}`;
  const sources: readonly Source[] = [
    {
      name: "Authentik",
      url: authentik.authentikUrl,
      setting: "authentik.url",
      path: "/api/v3/admin/version/",
      key: "version_current",
      authorization: async () => header("Bearer", authentik.authentikToken),
    },
    {
      name: "Forgejo",
      url: forgejo.forgejoUrl,
      setting: "forgejo.url",
      path: "/api/v1/version",
      key: "version",
      // With REQUIRE_SIGNIN_VIEW.
      authorization: async () => header("token", forgejo.forgejoToken),
    },
    ...(argocd === undefined
      ? []
      : [{ name: "Argo CD", url: argocd.argocdUrl, setting: "argocd.url", path: "/api/version", key: "Version" }]),
    ...(connectUrl === undefined
      ? []
      : [
          {
            name: "1Password Connect",
            url: connectUrl,
            setting: "onePassword.connectUrl",
            path: "/health",
            key: "version",
          },
        ]),
  ];
  const versions = await Promise.all(
    sources.map(async (source) => [source.name, await versionAt(source, signal)] as const),
  );
  return Object.fromEntries(versions.flatMap(([name, version]) => (version === undefined ? [] : [[name, version]])));
}

/** Of the runners that may take the jobs of the targets, by name. Forgejo lists runners from release 15 on. */
async function runnerVersions({ forgejo, targets }: ServicesArgs, signal: AbortSignal): Promise<Versions> {
  const client = new Forgejo(forgejo, signal);
  const runners = await Promise.all(
    targets.map(async (target) => toldOrNothing(async () => runnersOf(client, target), signal)),
  );
  return Object.fromEntries(
    runners
      .flatMap((found) => found ?? [])
      .filter(({ version }) => version !== "")
      .map(({ name, version }) => [`Forgejo's runner ${name}`, version]),
  );
}

async function clusterVersion({ kubernetes }: ServicesArgs, signal: AbortSignal): Promise<Versions> {
  if (kubernetes === undefined) return {};
  const { kubeconfig, context } = kubernetes;
  const version = await toldOrNothing(async () => {
    const { json } = await new ApiServer(accessFrom(kubeconfig, { context }), signal).get("/version");
    return at(json, "gitVersion");
  }, signal);
  return typeof version === "string" ? { Kubernetes: version } : {};
}

/** Of 1Password's CLI, if it reads the secrets. */
async function opVersion(services: ServicesArgs, signal: AbortSignal): Promise<Versions> {
  const { authentik, forgejo, registry, connectUrl } = services;
  const references = [authentik.authentikToken, forgejo.forgejoToken, registry?.puller.key ?? ""];
  if (connectUrl !== undefined || !references.some((reference) => reference.startsWith("op://"))) return {};
  const run = { args: ["--version"], serviceAccountToken: undefined, timeoutSeconds: 5, signal };
  const version = (await toldOrNothing(async () => runOp(run), signal))?.stdout.trim();
  return version !== undefined && /^\d/.test(version) ? { "1Password's CLI": version } : {};
}

/** The version that a server shows; nothing if it does not, whatever the reason: its own row says what is wrong. */
async function toldOrNothing<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await ask();
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

async function versionAt(source: Source, signal: AbortSignal): Promise<string | undefined> {
  const endpoint: Endpoint = { name: source.name, url: source.url, setting: source.setting };
  try {
    const authorization = await source.authorization?.();
    const response = await request(endpoint, source.path, {
      signal,
      timeout: 5,
      retry: { retryFor: 0 },
      ...(authorization === undefined ? {} : { headers: { authorization: new Secret(authorization) } }),
    });
    const version = at(response.json, source.key);
    return response.status === 200 && typeof version === "string" ? version : undefined;
  } catch (error) {
    signal.throwIfAborted();
    // The server's own row says what is wrong.
    if (error instanceof ZotAuthError || error instanceof Unreachable) return undefined;
    throw error;
  }
}
