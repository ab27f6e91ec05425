import { ZotAuthError } from "../../core/errors.ts";
import type { Endpoint } from "../../core/http/http.ts";
import { Unreachable, request } from "../../core/http/http.ts";
import { at } from "../../core/json.ts";
import { Secret } from "../../core/secrets/secret.ts";
import { resolveSecret } from "../onePassword/resolver.ts";
import type { ServicesArgs } from "./args.ts";

/** Where a server says which release it is. */
interface Source {
  readonly name: string;
  readonly url: string;
  readonly setting: string;
  readonly path: string;
  readonly key: string;
  /** The Authorization header, for a server that tells its version only to those who are signed in. */
  readonly authorization?: () => Promise<string>;
}

/**
 * The releases of the servers, by name. A server that does not tell is left out: nothing depends on its version but a reader of the report.
 */
export async function versionsOf(
  { authentik, forgejo, argocd, connectUrl }: ServicesArgs,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
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
