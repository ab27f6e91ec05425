import type { ArgoCdConnection } from "../argocd/client.ts";
import type { AuthentikConnection } from "../authentik/client.ts";
import type { ForgejoConnection } from "../forgejo/client.ts";

/** The servers that the registry and CI need. */
export interface ServicesArgs {
  /** Authentik, with its worker. */
  readonly authentik: AuthentikConnection;
  /** Argo CD with its application. Default: there is none. */
  readonly argocd?: ArgoCdConnection;
  /** Forgejo. */
  readonly forgejo: ForgejoConnection;
  /** Who pushes: repositories, organisations and users in Forgejo. Their runners are looked at. */
  readonly targets: readonly string[];
  /** Address of 1Password Connect. Default: none, the `op` CLI is used. */
  readonly connectUrl?: string;
}
