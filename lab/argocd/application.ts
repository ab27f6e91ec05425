// Part of the lab's Argo CD: the Application, as its API shows it.

export interface Info {
  readonly name: string;
  readonly value: string;
}

export interface Source {
  readonly repoURL: string;
  readonly path: string;
  readonly targetRevision: string;
}

/** Names one resource of an application. The core group is left out. */
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

/** What a sync did to one resource. */
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
    readonly namespace: "argocd";
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

/** An application that is there from the start: a folder of manifests that shall be in a namespace. */
export interface ApplicationOptions {
  readonly name: string;
  /** Default `default`. */
  readonly project?: string;
  /** Where the manifests go that name no namespace. */
  readonly namespace: string;
  /** The folder that stands for the Git repository. Its commit is a hash of its files, computed on request. */
  readonly manifestsDirectory: string;
  /** The branch that the folder counts as. Default `main`. */
  readonly targetRevision?: string;
  /** Shown as the repository's address; nothing is fetched from there. Default: a name ending in the application's. */
  readonly repoUrl?: string;
  /** Apply on the server (`ServerSideApply=true` in the spec) instead of by the client. Default false, as in Argo CD. */
  readonly serverSideApply?: boolean;
}

/** Times have whole seconds, so they tell no two operations apart that are close together. */
export function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, "Z");
}
