// Part of the lab's Argo CD: the Application, as the API returns it.

export interface Info {
  readonly name: string;
  readonly value: string;
}

export interface Source {
  readonly repoURL: string;
  readonly path: string;
  readonly targetRevision: string;
}

/** Identifies a resource of an application. The core group is omitted. */
export interface ResourceReference {
  readonly group?: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

export interface Operation {
  readonly sync: {
    readonly revision: string;
    readonly prune?: true;
    readonly dryRun?: true;
    readonly resources?: readonly ResourceReference[];
    readonly source: Source;
    readonly syncOptions?: readonly string[];
  };
  readonly initiatedBy: { readonly username: string };
  readonly info?: readonly Info[];
  readonly retry: Record<string, never>;
}

export type Phase = "Running" | "Terminating" | "Succeeded" | "Failed" | "Error";

/** The result of a sync for one resource. */
export interface ResourceResult {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly status: "Synced" | "SyncFailed" | "Pruned" | "PruneSkipped";
  readonly message: string;
  readonly hookPhase?: "Running" | "Failed" | "Succeeded";
  readonly syncPhase: "Sync";
}

export interface OperationState {
  readonly operation: Operation;
  readonly phase: Phase;
  readonly message?: string;
  readonly syncResult?: {
    readonly resources?: readonly ResourceResult[];
    readonly revision: string;
    readonly source: Source;
  };
  readonly startedAt: string;
  readonly finishedAt?: string;
}

export type SyncStatusCode = "Synced" | "OutOfSync" | "Unknown";
export type HealthStatusCode = "Healthy" | "Missing";

export interface ResourceStatus {
  readonly group?: string;
  readonly version: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly status: SyncStatusCode;
  health?: { readonly status: HealthStatusCode };
  readonly requiresPruning?: true;
}

export interface Condition {
  readonly type: "ComparisonError";
  readonly message: string;
  readonly lastTransitionTime: string;
}

export interface HistoryEntry {
  readonly revision: string;
  readonly deployedAt: string;
  readonly id: number;
  readonly source: Source;
  readonly deployStartedAt: string;
  readonly initiatedBy: { readonly username: string };
}

export interface ApplicationStatus {
  resources?: readonly ResourceStatus[];
  sync: { readonly status: SyncStatusCode; readonly comparedTo: unknown; readonly revision?: string };
  health: { readonly status: HealthStatusCode; readonly lastTransitionTime: string };
  history?: readonly HistoryEntry[];
  conditions?: readonly Condition[];
  reconciledAt: string;
  operationState?: OperationState;
  sourceType?: "Directory";
  readonly summary: Record<string, never>;
  readonly resourceHealthSource: "appTree";
  readonly controllerNamespace: "argocd";
  readonly sourceHydrator: Record<string, never>;
}

export interface Application {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    resourceVersion: string;
    generation: number;
    readonly creationTimestamp: string;
  };
  spec: {
    readonly source: Source;
    readonly destination: { readonly server: string; readonly namespace: string };
    readonly project: string;
    readonly syncPolicy?: { readonly syncOptions: readonly string[] };
  };
  status: ApplicationStatus;
  operation?: Operation;
}

/** An application: a folder of manifests to deploy to a namespace. */
export interface ApplicationOptions {
  readonly name: string;
  /** Default `default`. */
  readonly project?: string;
  /** The application's own namespace. Default `argocd`. */
  readonly applicationNamespace?: string;
  /** Namespace of manifests without one. */
  readonly namespace: string;
  /** The folder that represents the Git repository. Its commit is a hash of its files. */
  readonly manifestsDirectory: string;
  /** The branch that the folder represents. Default `main`. */
  readonly targetRevision?: string;
  /** The repository's URL for display; nothing is fetched from it. Default `https://git.example/<name>.git`. */
  readonly repoUrl?: string;
  /** Use server-side apply (`ServerSideApply=true` in the spec) instead of client-side apply. Default false, as in Argo CD. */
  readonly serverSideApply?: boolean;
}

/** The current time, in whole seconds as in Argo CD. It cannot distinguish operations that are close together. */
export function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, "Z");
}
