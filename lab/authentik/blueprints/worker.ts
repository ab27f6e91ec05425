// Stands in for Authentik: its worker, which watches the blueprint folder and applies changed files.
import type { BlueprintFile, BlueprintFolder } from "./files.ts";
import { hashOf } from "./files.ts";
import type { Blueprint } from "./syntax.ts";
import { BlueprintSyntaxError, parseBlueprint } from "./syntax.ts";
import { BlueprintTagError } from "./tags.ts";
import type { Database } from "../models/database.ts";
import { timestamp } from "../models/database.ts";
import { EntryInvalidError, importBlueprint } from "./importer.ts";
import type { JsonObject } from "../../shared/json.ts";
import { object, text } from "../../shared/json.ts";
import type { Key, Row } from "../models/state.ts";
import { noteApplication } from "./tasks.ts";

export const instanceModel = "authentik_blueprints.blueprintinstance";

const HOUR = 3_600_000;

export interface WorkerOptions {
  readonly database: Database;
  readonly folder: BlueprintFolder;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Milliseconds between a change and its application. */
  readonly delay: number;
  /** Called after each application that changed something. */
  readonly log: (line: string) => void;
}

interface Outcome {
  /** Changes to the instance. */
  readonly changes: JsonObject;
  /** Why the blueprint was not applied. */
  readonly reason?: string;
  /** The error that crashed the task. */
  readonly crash?: string;
}

export class Worker {
  readonly #options: WorkerOptions;
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Instances that are being applied. Prevents endless recursion if two apply each other. */
  readonly #applying = new Set<Key>();
  #fingerprint: string | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#clear();
    this.#watch();
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  /** Applies an instance after a short delay, even if its file has not changed. */
  queue(pk: Key): void {
    const queued = Date.now();
    this.#later(() => this.#apply(pk, queued));
  }

  /** Scans the folder: creates instances for new files and applies every file whose text has changed. */
  discover(): void {
    for (const file of this.#options.folder.available()) {
      const instance = this.#instanceFor(file);
      if (instance?.["enabled"] === true && instance["last_applied_hash"] !== file.hash) this.#apply(instance.pk);
    }
  }

  /** Applies a blueprint immediately, without an instance. */
  importOnce(content: string): JsonObject {
    const { database, environment } = this.#options;
    const log: string[] = [];
    let success = true;
    try {
      importBlueprint(parseBlueprint(content), {
        database,
        environment,
        applyOther: (wanted) => this.#applyOther(wanted),
        log: (line) => log.push(line),
      });
    } catch (error) {
      success = false;
      log.push(error instanceof BlueprintSyntaxError ? error.message : reasonOf(error));
    }
    database.save();
    const now = timestamp();
    const logs = log.map((event, index) => {
      const log_level = !success && index === log.length - 1 ? "error" : "info";
      return { timestamp: now, log_level, logger: "authentik.blueprints.v1.importer", event, attributes: {} };
    });
    return { success, logs };
  }

  #watch(): void {
    this.#later(() => {
      this.#lookForChanges();
      this.#watch();
    });
  }

  /** Authentik does this at every start and once an hour (`clear_failed_blueprints`): an instance whose file is gone goes, its objects stay. */
  #clear(): void {
    const { database, folder } = this.#options;
    for (const instance of database.all(instanceModel)) {
      const path = text(instance["path"]);
      if (path.startsWith("custom/") && folder.read(path) === undefined) database.delete(instanceModel, instance);
    }
    database.save();
    this.#later(() => this.#clear(), HOUR);
  }

  #lookForChanges(): void {
    const fingerprint = this.#options.folder.fingerprint();
    if (fingerprint === this.#fingerprint) return;
    this.#fingerprint = fingerprint;
    this.discover();
  }

  #instanceFor({ path, blueprint }: BlueprintFile): Row | undefined {
    const { database } = this.#options;
    const existing = database.find(instanceModel, { path });
    if (existing !== undefined || blueprint.labels["blueprints.goauthentik.io/instantiate"] === "false")
      return existing;
    return createInstance(database, { name: blueprint.name ?? path, path, metadata: metadataOf(blueprint, path) });
  }

  /** Applies one instance and records the result. Never throws: Authentik's worker continues after a bad file. */
  #apply(pk: Key, queued = Date.now()): void {
    const { database, folder, log } = this.#options;
    const instance = database.get(instanceModel, pk);
    if (instance?.["enabled"] !== true || this.#applying.has(pk)) return;
    this.#applying.add(pk);
    const path = text(instance["path"]);
    const content = path === "" ? text(instance["content"]) : folder.read(path);
    const started = Date.now();
    const outcome = this.#run(content, instance);
    this.#applying.delete(pk);
    log(`blueprint ${path === "" ? text(instance["name"]) : path}: ${outcome.reason ?? "successful"}`);
    // Read again, since a rollback replaces the objects.
    const row = database.get(instanceModel, pk);
    if (row !== undefined) {
      Object.assign(row, outcome.changes, { last_applied: timestamp() });
      noteApplication(database, row, { queued, started }, outcome.crash);
    }
    database.save();
  }

  #run(content: string | undefined, instance: Row): Outcome {
    const { database, environment } = this.#options;
    if (content === undefined) return { changes: { status: "error" }, reason: "error: the file does not exist" };
    try {
      const blueprint = parseBlueprint(content);
      const metadata = metadataOf(blueprint, text(instance["path"]));
      const context = object(instance["context"]);
      try {
        importBlueprint(blueprint, {
          database,
          environment,
          context,
          applyOther: (wanted) => this.#applyOther(wanted),
        });
      } catch (error) {
        return { changes: { status: "error", metadata }, reason: `error: ${reasonOf(error)}` };
      }
      return { changes: { status: "successful", last_applied_hash: hashOf(content), metadata } };
    } catch (error) {
      // Broken YAML crashes Authentik's task before it writes a status, so the old status remains.
      if (error instanceof BlueprintSyntaxError)
        return { changes: {}, reason: `not applied: ${error.message}`, crash: error.message };
      throw error;
    }
  }

  #applyOther(identifiers: Readonly<JsonObject>): boolean {
    const other = this.#options.database.find(instanceModel, identifiers);
    if (other === undefined) return false;
    this.#apply(other.pk);
    return true;
  }

  #later(work: () => void, delay = this.#options.delay): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, delay);
    this.#timers.add(timer);
  }
}

/** Creates a blueprint instance that has not been applied yet. */
export function createInstance(database: Database, values: Readonly<JsonObject>): Row {
  const untouched = { context: {}, last_applied_hash: "", status: "unknown", enabled: true, metadata: {}, content: "" };
  return database.create(instanceModel, { ...untouched, managed_models: [], last_applied: timestamp(), ...values });
}

export function metadataOf({ name, labels }: Blueprint, path: string): JsonObject {
  return { name: name ?? path, labels: { ...labels } };
}

function reasonOf(error: unknown): string {
  if (error instanceof EntryInvalidError || error instanceof BlueprintTagError || error instanceof SyntaxError)
    return error.message;
  throw error;
}
