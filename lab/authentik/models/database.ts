// Stands in for Authentik: its object database, with cascading deletes and transactions.
import type { Store } from "../../shared/store.ts";
import { hashPassword, isHashedPassword } from "./credentials.ts";
import type { Json, JsonObject } from "../../shared/json.ts";
import { list, shown } from "../../shared/json.ts";
import type { Field, Target } from "./fields.ts";
import { initialValue, models, newUuid } from "./models.ts";
import type { AuthentikState, Key, Row } from "./state.ts";

export class Database {
  /** The Authentik release, such as `2026.2.0`. */
  readonly version: string;
  readonly #store: Store<AuthentikState>;

  constructor(store: Store<AuthentikState>, version: string) {
    this.#store = store;
    this.version = version;
  }

  get state(): AuthentikState {
    return this.#store.data;
  }

  save(): void {
    this.#store.save();
  }

  all(model: string): readonly Row[] {
    return this.state.rows[model] ?? [];
  }

  /** The first object that matches all these values. */
  find(model: string, where: Readonly<JsonObject>): Row | undefined {
    return this.all(model).find((row) =>
      Object.entries(where).every(([field, value]) => isSame(this.#lookUp(row, field), value)),
    );
  }

  /** As Django does: `provider__oauth2provider__client_id` is the client id of the provider that `provider` refers to, if it is of that kind. */
  #lookUp(row: Row, path: string): Json | undefined {
    const [reference = "", kind, field] = path.split("__");
    if (kind === undefined || field === undefined) return row[path];
    const label = Object.keys(models).find((model) => model.endsWith(`.${kind}`));
    return label === undefined ? undefined : this.get(label, row[reference])?.[field];
  }

  get(model: string, pk: Json | undefined): Row | undefined {
    return this.all(model).find((row) => row.pk === pk);
  }

  /** The referenced object, with its model. */
  resolve(target: Target, value: Json): { readonly model: string; readonly row: Row } | undefined {
    for (const model of this.#modelsOf(target)) {
      const row = this.all(model).find((candidate) => this.#keyFor(target, candidate) === value);
      if (row !== undefined) return { model, row };
    }
    return undefined;
  }

  /** Creates an object from the given values and the model's defaults. */
  create(model: string, values: Readonly<JsonObject>): Row {
    const { key, fields, bindable } = models[model] ?? { key: "uuid", fields: {} };
    const row: Row = { pk: key === "uuid" ? newUuid() : this.#nextNumber(model) };
    for (const [name, field] of Object.entries(fields)) {
      if (!this.knows(field)) continue;
      const initial = initialValue(field);
      if (initial !== undefined) row[name] = initial;
    }
    // Only an application's key is also the key that policies are bound to.
    if (bindable === true)
      row["policybindingmodel_ptr_id"] = model === "authentik_core.application" ? row.pk : newUuid();
    const now = timestamp();
    if (model === "authentik_core.user")
      Object.assign(row, {
        uuid: newUuid(),
        date_joined: now,
        last_login: null,
        password: "",
        password_change_date: now,
      });
    if (model === "authentik_core.group") row["num_pk"] = this.#nextNumber(model);
    (this.state.rows[model] ??= []).push(row);
    this.update(model, row, values);
    return row;
  }

  /** Writes the given fields. Like Authentik, ignores fields that the release does not know. */
  update(model: string, row: Row, values: Readonly<JsonObject>): void {
    const fields = models[model]?.fields ?? {};
    for (const [name, value] of Object.entries(values)) {
      const field = fields[name];
      if (name === "password" && model === "authentik_core.user") this.setPassword(row, shown(value));
      else if (name === "users" && model === "authentik_core.group") this.#setMembers(row, list(value));
      else if (name === "permissions" && model === "authentik_core.user") this.#giveManagedRole(row, value);
      else if (field === undefined ? Object.keys(fields).length === 0 && name !== "pk" : this.knows(field))
        row[name] = structuredClone(value);
    }
    if (model === "authentik_core.user") row["last_updated"] = timestamp();
    if (model === "authentik_core.token" && row["expiring"] === false) row["expires"] = null;
    if (model === "authentik_core.token" && row["expiring"] === true)
      row["expires"] ??= timestamp(Date.now() + 30 * 60 * 1000);
  }

  setPassword(user: Row, password: string): void {
    user["password"] = isHashedPassword(password) ? password : hashPassword(password);
    user["password_change_date"] = timestamp();
  }

  /** Deletes an object and, by cascade, the objects that depend on it. */
  delete(model: string, row: Row): void {
    this.state.rows[model] = this.all(model).filter((other) => other !== row);
    for (const [otherModel, { fields }] of Object.entries(models)) {
      for (const [name, field] of Object.entries(fields)) {
        if (field.to === undefined || !this.#modelsOf(field.to).includes(model)) continue;
        this.#forget(otherModel, name, field, this.#keyFor(field.to, row));
      }
    }
  }

  /** Runs `work` in a transaction: if it throws, nothing changes. */
  transaction<T>(work: () => T): T {
    const { state } = this;
    const before = structuredClone({ rows: state.rows, nextNumber: state.nextNumber });
    try {
      return work();
    } catch (error) {
      Object.assign(state, before);
      throw error;
    }
  }

  knows(field: Field): boolean {
    return field.since === undefined || isAtLeast(this.version, field.since);
  }

  #forget(model: string, name: string, field: Field, key: Json | undefined): void {
    for (const row of [...this.all(model)]) {
      const value = row[name];
      if (Array.isArray(value)) row[name] = value.filter((item) => item !== key);
      else if (value !== key) continue;
      else if (field.onDelete === "null") row[name] = null;
      else this.delete(model, row);
    }
  }

  #setMembers(group: Row, members: readonly Json[]): void {
    for (const user of this.all("authentik_core.user")) {
      const others = list(user["groups"]).filter((pk) => pk !== group.pk);
      user["groups"] = members.includes(user.pk) ? [...others, group.pk] : others;
    }
  }

  /** Permissions always belong to a role. Permissions of an account are stored in a role for that account. */
  #giveManagedRole(user: Row, permissions: Json): void {
    const name = `ak-managed-role--user-${user.pk}`;
    const role = this.find("authentik_rbac.role", { name }) ?? this.create("authentik_rbac.role", { name });
    this.update("authentik_rbac.role", role, { permissions });
    user["roles"] = [...new Set([...list(user["roles"]), role.pk])];
  }

  #keyFor(target: Target, row: Row): Json | undefined {
    return typeof target !== "string" && target.any === "bindable" ? row["policybindingmodel_ptr_id"] : row.pk;
  }

  #modelsOf(target: Target): readonly string[] {
    if (typeof target === "string") return [target];
    return Object.keys(models).filter((label) => {
      if (target.any === "bindable") return models[label]?.bindable === true;
      const prefix = { stage: "authentik_stages_", provider: "authentik_providers_", policy: "authentik_policies_" };
      return label.startsWith(prefix[target.any]) && label.endsWith(target.any);
    });
  }

  #nextNumber(model: string): number {
    const next = (this.state.nextNumber[model] ?? 0) + 1;
    this.state.nextNumber[model] = next;
    return next;
  }
}

/** Whether an object that can expire has expired. */
export const isOver = (row: Row): boolean =>
  row["expiring"] === true && typeof row["expires"] === "string" && Date.parse(row["expires"]) <= Date.now();

/** A time in Django's format. */
export const timestamp = (milliseconds = Date.now()): string =>
  new Date(milliseconds).toISOString().replace("Z", "000Z");

/** `true` when release `version` is `wanted` or later, compared by year and month. */
export function isAtLeast(version: string, wanted: string): boolean {
  const [year = 0, month = 0] = version.split(".").map(Number);
  const [wantedYear = 0, wantedMonth = 0] = wanted.split(".").map(Number);
  return year > wantedYear || (year === wantedYear && month >= wantedMonth);
}

const isSame = (left: Json | undefined, right: Json): boolean =>
  left === right || (typeof right === "object" && JSON.stringify(left) === JSON.stringify(right));

export const isKey = (value: Json | undefined): value is Key => typeof value === "string" || typeof value === "number";
