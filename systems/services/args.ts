import type { ArgoCdConnection } from "../argocd/client.ts";
import type { AuthentikConnection } from "../authentik/client.ts";
import type { SecretReference } from "../../core/secrets/reference.ts";
import type { ForgejoConnection } from "../forgejo/client.ts";

/** An account of the registry with an API key. */
export interface RegistryAccount {
  readonly username: string;
  readonly key: SecretReference;
}

export interface RegistryTrials {
  /** Who pulls. */
  readonly puller: RegistryAccount;
  /** Images to pull through zot, as clients name them without its host: `docker.io/library/hello-world:latest`. */
  readonly pullThrough: readonly string[];
  /** An administrator. Default: none is tried. */
  readonly admin?: RegistryAccount;
  /** The image repository for the proofs. */
  readonly repository: string;
}

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
  /** What is tried with the registry itself. Default: nothing. */
  readonly registry?: RegistryTrials;
  /** Address of 1Password Connect. Default: none, the `op` CLI is used. */
  readonly connectUrl?: string;
  /** The cluster that has the blueprint's ConfigMap. Default: there is none. */
  readonly kubernetes?: ClusterChoice;
}

/** A cluster, as kubectl finds it. */
export interface ClusterChoice {
  /** Path of the kubeconfig. Default: `KUBECONFIG`, then `~/.kube/config`. */
  readonly kubeconfig?: string;
  /** Default: the current context. */
  readonly context?: string;
}
