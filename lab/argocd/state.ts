// Part of the lab's Argo CD: stores the applications and notifies watchers.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { Store } from "../shared/store.ts";
import type { Application, ApplicationOptions, Source } from "./application.ts";
import { now } from "./application.ts";
import type { Snapshot } from "./repository.ts";

interface Kept {
  version: number;
  readonly applications: Record<string, Application>;
  /** Commits by application, oldest first. */
  readonly commits: Record<string, Record<string, Snapshot>>;
}

export type Listener = (type: "ADDED" | "MODIFIED", application: Application) => void;

export class State {
  readonly #store: Store<Kept>;
  readonly #listeners = new Set<Listener>();
  readonly #applications = new Map<string, Application>();

  constructor(directory: string, options: readonly ApplicationOptions[]) {
    this.#store = Store.open<Kept>(join(directory, "argocd.json"), () => ({
      version: 0,
      applications: {},
      commits: {},
    }));
    const { applications, commits } = this.#store.data;
    for (const option of options) {
      const { name } = option;
      const application = (applications[name] ??= newApplication(option));
      // The options may have changed since the last start. The status is kept.
      application.spec = specOf(option);
      commits[name] ??= {};
      this.#applications.set(name, application);
    }
    this.#store.save();
  }

  get applications(): ReadonlyMap<string, Application> {
    return this.#applications;
  }

  get version(): string {
    return String(this.#store.data.version);
  }

  commits(name: string): Record<string, Snapshot> {
    return (this.#store.data.commits[name] ??= {});
  }

  /** Changes an application and notifies listeners. */
  write(application: Application, change: (application: Application) => void): void {
    change(application);
    this.#store.data.version += 1;
    application.metadata.resourceVersion = this.version;
    application.metadata.generation += 1;
    this.#store.save();
    for (const listener of this.#listeners) listener("MODIFIED", application);
  }

  /** Calls `listener` on every write until the returned function is called. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

export function comparedTo({ source, destination }: Application["spec"]): unknown {
  return { source, destination };
}

function newApplication(options: ApplicationOptions): Application {
  const spec = specOf(options);
  const time = now();
  return {
    metadata: {
      name: options.name,
      namespace: options.applicationNamespace ?? "argocd",
      uid: randomUUID(),
      resourceVersion: "0",
      generation: 1,
      creationTimestamp: time,
    },
    spec,
    status: {
      sync: { status: "Unknown", comparedTo: comparedTo(spec) },
      health: { status: "Missing", lastTransitionTime: time },
      reconciledAt: time,
      summary: {},
      resourceHealthSource: "appTree",
      controllerNamespace: "argocd",
      sourceHydrator: {},
    },
  };
}

function specOf(options: ApplicationOptions): Application["spec"] {
  const { name, namespace, project = "default", targetRevision = "main", serverSideApply = false } = options;
  const source: Source = {
    repoURL: options.repoUrl ?? `https://git.example/${name}.git`,
    path: name,
    targetRevision,
  };
  return {
    source,
    destination: { server: "https://kubernetes.default.svc", namespace },
    project,
    ...(serverSideApply ? { syncPolicy: { syncOptions: ["ServerSideApply=true"] } } : {}),
  };
}
