// Part of the lab's Argo CD: stands in for the Git repository and the repo-server. A folder represents a branch, its content a commit.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import type { ApplicationOptions } from "./application.ts";

/** An object in a manifest file. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

/** The files of a commit, by path. */
export type Snapshot = Readonly<Record<string, string>>;

/** The manifests of a revision cannot be loaded. The message is the repo-server's. */
export class RepositoryError extends Error {}

/** The number of commits kept, so that earlier ones can be synced. */
const KEPT = 50;

export class Repository {
  readonly #directory: string;
  readonly #branch: string;
  readonly #path: string;
  /** Resolved commits, oldest first. The caller stores them. */
  readonly #commits: Record<string, Snapshot>;

  constructor(options: ApplicationOptions, commits: Record<string, Snapshot>) {
    this.#directory = options.manifestsDirectory;
    this.#branch = options.targetRevision ?? "main";
    this.#path = options.name;
    this.#commits = commits;
  }

  /** The commit of a branch. A full hash is returned unchecked. */
  resolve(revision: string): string {
    if (/^[0-9a-f]{40}$/.test(revision)) return revision;
    if (revision !== this.#branch && revision !== "HEAD") {
      throw new RepositoryError(`rpc error: code = Unknown desc = unable to resolve '${revision}' to a commit SHA`);
    }
    return this.#commit();
  }

  manifests(revision: string): Manifest[] {
    const snapshot = this.#commits[revision];
    if (snapshot === undefined) {
      throw new RepositoryError(
        `rpc error: code = Internal desc = failed to checkout FETCH_HEAD: unable to read tree (${revision})`,
      );
    }
    const files = Object.entries(snapshot);
    if (files.length === 0) {
      throw new RepositoryError(`rpc error: code = Unknown desc = ${this.#path}: app path does not exist`);
    }
    return files.filter(([file]) => /\.(yaml|yml|json)$/.test(file)).flatMap(([file, text]) => parse(file, text));
  }

  #commit(): string {
    const snapshot = readSnapshot(this.#directory);
    const hash = createHash("sha1");
    for (const [file, text] of Object.entries(snapshot)) hash.update(`${file}\0${Buffer.byteLength(text)}\0${text}`);
    const revision = hash.digest("hex");
    if (!(revision in this.#commits)) {
      this.#commits[revision] = snapshot;
      for (const old of Object.keys(this.#commits).slice(0, -KEPT)) Reflect.deleteProperty(this.#commits, old);
    }
    return revision;
  }
}

/** Treats a missing folder as empty: Git does not store empty folders. */
function readSnapshot(directory: string): Snapshot {
  let entries;
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
  const names = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(directory, name), "utf8")]));
}

function parse(file: string, text: string): Manifest[] {
  const manifests: Manifest[] = [];
  for (const document of parseAllDocuments(text)) {
    if (!("errors" in document)) continue;
    const [error] = document.errors;
    if (error !== undefined) {
      const line = error.linePos?.[0].line ?? 1;
      const reason = error.message.split("\n")[0]?.replace(/ at line \d+, column \d+:?$/, "") ?? "";
      throw unreadable(
        file,
        `failed to unmarshal manifest: error converting YAML to JSON: yaml: line ${line}: ${reason}`,
      );
    }
    const value: unknown = document.toJS();
    if (value === null || value === undefined) continue;
    if (!isManifest(value)) throw unreadable(file, "failed to unmarshal manifest: Object 'Kind' is missing");
    manifests.push(value);
  }
  return manifests;
}

function unreadable(file: string, why: string): RepositoryError {
  return new RepositoryError(
    `rpc error: code = FailedPrecondition desc = Failed to unmarshal ${JSON.stringify(file)}: ${why}`,
  );
}

function isManifest(value: unknown): value is Manifest {
  if (typeof value !== "object" || value === null) return false;
  const { apiVersion, kind, metadata } = value as Record<string, unknown>;
  if (typeof apiVersion !== "string" || typeof kind !== "string") return false;
  return typeof metadata === "object" && metadata !== null && "name" in metadata && typeof metadata.name === "string";
}
