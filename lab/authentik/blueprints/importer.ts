// Stands in for Authentik: its blueprint importer, which applies a file in one transaction.
import type { Blueprint, Entry } from "./syntax.ts";
import type { TagScope } from "./tags.ts";
import { BlueprintTagError, isTrue, mapping, resolveValue } from "./tags.ts";
import type { Database } from "../models/database.ts";
import type { JsonObject } from "../../shared/json.ts";
import { list, object, shown } from "../../shared/json.ts";
import { models } from "../models/models.ts";
import type { Row } from "../models/state.ts";
import { asPython, bindsNobody, required, validate } from "../models/validation.ts";

export interface ImportOptions {
  readonly database: Database;
  /** The environment that `!Env` reads. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Values that take precedence over the file's own context. */
  readonly context?: Readonly<JsonObject>;
  /** Applies the blueprint that a `metaapplyblueprint` names; `false` if it does not exist. */
  readonly applyOther: (identifiers: Readonly<JsonObject>) => boolean;
  /** Receives what Authentik would log. */
  readonly log?: (line: string) => void;
}

/** An entry that cannot be applied. The message is the last line of Authentik's log. */
export class EntryInvalidError extends Error {
  /** If the content came with the request, Authentik crashes on this error instead of reporting it. */
  readonly unreported: boolean;

  constructor(message: string, options: { readonly unreported?: boolean } = {}) {
    super(message);
    this.unreported = options.unreported ?? false;
  }
}

const metaModel = "authentik_blueprints.metaapplyblueprint";

/** Applies a blueprint in one transaction. Changes nothing if it throws an `EntryInvalidError` or a `BlueprintTagError`. */
export function importBlueprint(blueprint: Blueprint, options: ImportOptions): void {
  const { database, environment } = options;
  const made = new Map<string, Row>();
  const context = { ...blueprint.context, ...options.context };
  database.transaction(() => {
    for (const entry of blueprint.entries) {
      const base = { database, environment, context, made };
      const model = shown(resolveValue(entry.model, { ...base, model: "" }));
      applyEntry(entry, { ...base, model }, options, made);
    }
  });
}

/** Applies a blueprint and rolls it back. Returns whether it succeeded and what Authentik would log. */
export function tryBlueprint(
  blueprint: Blueprint,
  options: ImportOptions,
): { readonly valid: boolean; readonly log: readonly string[] } {
  const log: string[] = [];
  let valid = true;
  const done = new Error("The trial run is over.");
  try {
    options.database.transaction(() => {
      importBlueprint(blueprint, { ...options, log: (line) => log.push(line) });
      throw done;
    });
  } catch (error) {
    if (error !== done) {
      if (!(error instanceof EntryInvalidError) || error.unreported) throw error;
      valid = false;
      log.push(error.message, "Blueprint validation failed");
    }
  }
  return { valid, log };
}

function applyEntry(entry: Entry, scope: TagScope, options: ImportOptions, made: Map<string, Row>): void {
  const { database, model } = scope;
  const isMeta = model === metaModel;
  if (!isMeta && models[model] === undefined) throw new EntryInvalidError("App or Model does not exist");
  if (!entry.conditions.every((condition) => isTrue(resolveValue(condition, scope)))) return;
  const attrs = mapping(resolveValue(entry.attrs, scope), "attrs");
  if (isMeta) {
    applyMeta(attrs, options);
    return;
  }
  const identifiers = mapping(resolveValue(entry.identifiers, scope), "identifiers");
  if (Object.keys(identifiers).length === 0) throw new EntryInvalidError("Entry invalid: No identifiers");
  const existing = identified(database, model, identifiers);
  const row = reconcile(shown(resolveValue(entry.state, scope)), { model, identifiers, attrs, existing, options });
  if (row !== undefined && entry.id !== undefined) made.set(entry.id, row);
}

/** A `pk` alone is enough; the other identifiers must all match. The `pk` of an object that does not exist is null, and matches none. */
function identified(database: Database, model: string, { pk, ...others }: JsonObject): Row | undefined {
  const byKey = pk === undefined ? undefined : database.get(model, pk);
  return byKey ?? (Object.keys(others).length === 0 ? undefined : database.find(model, others));
}

interface Wanted {
  readonly model: string;
  readonly identifiers: JsonObject;
  readonly attrs: JsonObject;
  readonly existing: Row | undefined;
  readonly options: ImportOptions;
}

function reconcile(state: string, wanted: Wanted): Row | undefined {
  const { model, existing, options } = wanted;
  switch (state) {
    case "absent":
      if (existing !== undefined) options.database.delete(model, existing);
      return undefined;
    case "created":
      return existing ?? write(wanted);
    case "must_created":
      if (existing !== undefined)
        throw new EntryInvalidError("Entry invalid: State is set to must_created and object exists already");
      return write(wanted);
    case "present":
      return write(wanted);
    default:
      throw new BlueprintTagError(`'${state}' is not a valid BlueprintEntryDesiredState`);
  }
}

function write({ model, identifiers, attrs, existing, options }: Wanted): Row {
  const { database } = options;
  const values = { ...attrs, ...identifiers };
  // Read-only in every serializer.
  delete values["pk"];
  if (model === "authentik_policies.policybinding" && bindsNobody(values, existing))
    throw new EntryInvalidError("One of 'group', 'policy' or 'user' must be set.", { unreported: true });
  const errors = validate(database, model, values, existing);
  // A blueprint has no request to take the user from, so the token serializer always requires both.
  if (model === "authentik_core.token")
    for (const name of ["user", "intent"]) if (values[name] === undefined) errors[name] = [required];
  if (Object.keys(errors).length > 0)
    throw new EntryInvalidError(`Entry invalid: Serializer errors ${asPython(errors)}`);
  // Every created or updated object is an event that a task processes; the groups of a new user are another.
  const events = existing === undefined && list(values["groups"]).length > 0 ? 2 : 1;
  for (let event = 0; event < events; event++) {
    options.log?.("Created Event");
    options.log?.("Task enqueued");
  }
  if (existing === undefined) return database.create(model, values);
  database.update(model, existing, values);
  return existing;
}

function applyMeta(attrs: JsonObject, { applyOther }: ImportOptions): void {
  const found = applyOther(object(attrs["identifiers"]));
  if (!found && attrs["required"] !== false)
    throw new EntryInvalidError(
      `Entry invalid: Serializer errors ${asPython({ non_field_errors: [{ string: "Required blueprint does not exist", code: "invalid" }] })}`,
    );
}
