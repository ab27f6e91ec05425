// Stands in for Argo CD 3.3.2: argocd-server, repo-server and application-controller, working on a Kubernetes cluster over HTTP.
import { getRequestListener } from "@hono/node-server";
import type { RunningServer } from "../shared/listen.ts";
import { listen } from "../shared/listen.ts";
import type { ArgoCdAccount } from "./api/accounts.ts";
import type { ApplicationOptions } from "./application.ts";
import type { Timings } from "./controller/controller.ts";
import { Controller } from "./controller/controller.ts";
import { KubernetesClient } from "./controller/kubernetesClient.ts";
import { Repository } from "./repository.ts";
import { routes } from "./api/routes.ts";
import { State } from "./state.ts";

export type { ArgoCdAccount } from "./api/accounts.ts";
export type { ApplicationOptions } from "./application.ts";
export type { Timings } from "./controller/controller.ts";

export interface ArgoCdOptions {
  /** 0 for any free port. */
  readonly port: number;
  /** The setting of the port, for the error if the port is in use. */
  readonly setting?: string;
  /** Folder for the applications' state. */
  readonly data: string;
  /** The API server of the cluster, without a trailing slash. */
  readonly kubernetesUrl: string;
  /** The controller's bearer token for the API server. */
  readonly kubernetesToken: string;
  readonly accounts: readonly ArgoCdAccount[];
  readonly applications: readonly ApplicationOptions[];
  readonly timings?: Partial<Timings>;
}

/** Starts the server and a controller for each application. */
export async function startArgoCd(options: ArgoCdOptions): Promise<RunningServer> {
  const ending = new AbortController();
  const { signal } = ending;
  const state = new State(options.data, options.applications);
  const kubernetes = new KubernetesClient(options.kubernetesUrl, options.kubernetesToken, signal);
  const timings: Timings = { pickUpMs: 20, syncMs: 200, settleMs: 40, ...options.timings };
  const controllers = new Map<string, Controller>();
  for (const application of options.applications) {
    const { name } = application;
    const kept = state.applications.get(name);
    if (kept === undefined) continue;
    const repository = new Repository(application, state.commits(name));
    const parts = { options: application, application: kept, state, repository, kubernetes, timings, signal };
    controllers.set(name, new Controller(parts));
  }
  const listener = getRequestListener(routes({ state, controllers, accounts: options.accounts }).fetch);
  const { port, setting } = options;
  const server = await listen((request, response) => void listener(request, response), {
    name: "Argo CD",
    port,
    ...(setting === undefined ? {} : { setting }),
  });
  for (const controller of controllers.values()) controller.start();
  return {
    url: server.url,
    close: async () => {
      ending.abort();
      await server.close();
    },
  };
}
