// Part of the lab's Argo CD: stands in for the application-controller, which runs operations and comparisons.
import { setTimeout as sleep } from "node:timers/promises";
import type { Application, ApplicationOptions, Operation, OperationState, Phase } from "../application.ts";
import { now } from "../application.ts";
import type { Comparison } from "./comparison.ts";
import { compare } from "./comparison.ts";
import type { KubernetesClient } from "./kubernetesClient.ts";
import { failedStatus, healthSince, historyAfter } from "./reconciliation.ts";
import type { Repository } from "../repository.ts";
import { RepositoryError } from "../repository.ts";
import type { State } from "../state.ts";
import { comparedTo } from "../state.ts";
import { synchronize } from "./synchronization.ts";

/** Durations of an operation's steps, in milliseconds. */
export interface Timings {
  /** From the request to the start of the operation. Default 20. */
  readonly pickUpMs: number;
  /** Duration of the sync. Default 200. */
  readonly syncMs: number;
  /** Duration of each transient state after the sync. Default 40. */
  readonly settleMs: number;
}

export interface ControllerParts {
  readonly options: ApplicationOptions;
  readonly application: Application;
  readonly state: State;
  readonly repository: Repository;
  readonly kubernetes: KubernetesClient;
  readonly timings: Timings;
  /** Stops the controller. */
  readonly signal: AbortSignal;
}

/** Delay between a change in the cluster and the comparison, so that several changes need only one comparison. */
const DEBOUNCE_MS = 30;
const RECONNECT_MS = 500;
const GIT_POLL_MS = 180_000;

export class Controller {
  readonly repository: Repository;
  readonly #parts: ControllerParts;
  #comparing: Promise<void> = Promise.resolve();
  #running = false;
  #termination = new AbortController();

  constructor(parts: ControllerParts) {
    this.#parts = parts;
    this.repository = parts.repository;
  }

  /** Resumes an interrupted operation or compares, then watches the cluster and polls Git. */
  start(): void {
    const { application, signal } = this.#parts;
    const ignoreEnd = () => undefined;
    if (application.operation === undefined) this.refresh().catch(ignoreEnd);
    else this.#run(application.operation).catch(ignoreEnd);
    this.#watch().catch(ignoreEnd);
    const timer = setInterval(() => void this.refresh().catch(ignoreEnd), GIT_POLL_MS);
    signal.addEventListener("abort", () => clearInterval(timer));
  }

  /** Records the operation and runs it in the background. */
  begin(operation: Operation): void {
    this.#write((application) => {
      application.operation = operation;
      delete application.status.operationState;
    });
    this.#run(operation).catch(() => undefined);
  }

  /** Terminates the operation. Returns false if none has started. */
  terminate(): boolean {
    const { operation, status } = this.#parts.application;
    const { operationState } = status;
    if (operation === undefined || operationState === undefined) return false;
    this.#write(({ status }) => (status.operationState = { ...operationState, phase: "Terminating" }));
    this.#termination.abort();
    return true;
  }

  /** Compares Git with the cluster and updates the status. Comparisons run one at a time. */
  refresh(): Promise<void> {
    const comparison = this.#comparing.then(() => this.#refreshNow(true));
    this.#comparing = comparison.catch(() => undefined);
    return comparison;
  }

  async #run(operation: Operation): Promise<void> {
    const { timings } = this.#parts;
    this.#running = true;
    this.#termination = new AbortController();
    try {
      await this.#pause(timings.pickUpMs);
      const startedAt = now();
      const begun: OperationState = { operation, phase: "Running", startedAt };
      this.#write(({ status }) => (status.operationState = begun));
      const before = await this.#perform(begun);
      if (before !== undefined) {
        await this.#pause(timings.settleMs);
        this.#write((application) => this.#show(application, before, operation.sync.revision));
      }
      await this.#pause(timings.settleMs);
    } finally {
      this.#running = false;
    }
    await this.refresh();
  }

  /** Runs the operation. Returns the comparison before it if the status still shows it briefly afterwards. */
  async #perform(begun: OperationState): Promise<Comparison | undefined> {
    const { operation } = begun;
    const { revision, source } = operation.sync;
    const { kubernetes, timings, signal } = this.#parts;
    const ended = AbortSignal.any([this.#termination.signal, signal]);
    try {
      await sleep(timings.syncMs, undefined, { signal: ended });
    } catch {
      await this.#pause(timings.settleMs);
      this.#end(begun, "Failed", "Operation terminated", { revision, source });
      return undefined;
    }
    try {
      const before = await this.#compare(revision);
      const { phase, message, resources } = await synchronize(kubernetes, operation, before);
      this.#end(begun, phase, message, { revision, source, ...(resources === undefined ? {} : { resources }) });
      return before.sync === "OutOfSync" && this.#isTarget(revision) ? before : undefined;
    } catch (error) {
      signal.throwIfAborted();
      this.#end(begun, "Error", `ComparisonError: ${explain(error)}`, { revision, source });
      return undefined;
    }
  }

  /** Removes the operation and records its result in one write. The comparison follows later. */
  #end(
    begun: OperationState,
    phase: Phase,
    message: string,
    syncResult: NonNullable<OperationState["syncResult"]>,
  ): void {
    const ended: OperationState = { ...begun, phase, message, syncResult, finishedAt: now() };
    this.#write((application) => {
      delete application.operation;
      application.status.operationState = ended;
      if (phase === "Succeeded") application.status.history = historyAfter(application.status.history, ended);
    });
  }

  async #refreshNow(asked: boolean): Promise<void> {
    const { application, signal } = this.#parts;
    const { targetRevision } = application.spec.source;
    let change: (application: Application) => void;
    try {
      const known = application.status.sync.revision;
      // After a change in the cluster, compare with the known commit. Git is read only on request and on each poll.
      const revision = this.repository.resolve(asked ? targetRevision : (known ?? targetRevision));
      const comparison = await this.#compare(revision);
      change = (changed) => this.#show(changed, comparison, revision);
    } catch (error) {
      signal.throwIfAborted();
      const message = explain(error);
      change = ({ spec, status }) => failedStatus(status, message, targetRevision, comparedTo(spec));
    }
    const draft = structuredClone(application);
    change(draft);
    if (!asked && this.#running) return;
    draft.status.reconciledAt = application.status.reconciledAt;
    if (asked || JSON.stringify(draft.status) !== JSON.stringify(application.status)) this.#write(change);
  }

  #show({ spec, status }: Application, { resources, sync, health }: Comparison, revision: string): void {
    status.resources = resources;
    status.sync = { status: sync, comparedTo: comparedTo(spec), revision };
    status.health = healthSince(status.health, health);
    status.sourceType = "Directory";
    status.reconciledAt = now();
    delete status.conditions;
  }

  #compare(revision: string): Promise<Comparison> {
    const { options, application, repository, kubernetes } = this.#parts;
    const lastSynced = application.status.history?.at(-1)?.revision;
    return compare({ application: options, repository, kubernetes, revision, lastSynced });
  }

  #isTarget(revision: string): boolean {
    return this.repository.resolve(this.#parts.application.spec.source.targetRevision) === revision;
  }

  /** Compares after each change in the namespace, except during an operation, which compares at its end. */
  async #watch(): Promise<void> {
    const { kubernetes, options, signal } = this.#parts;
    let timer: NodeJS.Timeout | undefined;
    const compareSoon = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        if (this.#running) return;
        this.#comparing = this.#comparing.then(() => this.#refreshNow(false)).catch(() => undefined);
      }, DEBOUNCE_MS);
    };
    signal.addEventListener("abort", () => clearTimeout(timer));
    while (!signal.aborted) {
      try {
        await kubernetes.watch({ plural: "configmaps", namespaced: true }, options.namespace, compareSoon);
      } catch {
        // The cluster is unreachable: retry below.
      }
      await this.#pause(RECONNECT_MS);
    }
  }

  #pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.#parts.signal });
  }

  #write(change: (application: Application) => void): void {
    if (!this.#parts.signal.aborted) this.#parts.state.write(this.#parts.application, change);
  }
}

function explain(error: unknown): string {
  if (error instanceof RepositoryError) {
    return `Failed to load target state: failed to generate manifest for source 1 of 1: ${error.message}`;
  }
  const reason = error instanceof Error ? error.message : String(error);
  return `Failed to load live state: failed to get cluster info for "https://kubernetes.default.svc": ${reason}`;
}
