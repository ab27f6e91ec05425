import { yaml } from "../../../core/yaml.ts";
import type { BlueprintArgs } from "./args.ts";
import { accountEntries, appPasswordEntry, bindingEntries, flowEntries, numbered, providerEntries } from "./render.ts";
import type { BlueprintEntry } from "./text.ts";

/** A value of an entry as plain data. A tag is an object with one key: `{ "!KeyOf": "ci-group" }`. */
export type DeclaredValue =
  | string
  | number
  | boolean
  | null
  | readonly DeclaredValue[]
  | { readonly [key: string]: DeclaredValue };

/** What the blueprint says about one object: all that Authentik must have. */
export interface DeclaredEntry {
  readonly model: string;
  /** Entries after this one refer to its object by it. */
  readonly id?: string;
  readonly identifiers: Readonly<Record<string, DeclaredValue>>;
  readonly attrs: Readonly<Record<string, DeclaredValue>>;
}

/**
 * The entries of the blueprint, and those of each resource that compares them with Authentik. Entries refer only to those before them. Each list is JSON, since
 * the engine drops a `null` from inputs.
 */
export interface DeclaredEntries {
  /** All of them. */
  readonly all: string;
  /** The OAuth2 provider and the application. */
  readonly application: string;
  /** Of each service account by its id: its group, the account, its sign-in flow and its app password. */
  readonly accounts: Readonly<Record<string, string>>;
  /** The PolicyBinding of each group that may sign in, by group. */
  readonly bindings: Readonly<Record<string, string>>;
}

export function declaredEntries(args: BlueprintArgs): DeclaredEntries {
  const bindings = bindingEntries(args);
  const json = (entries: readonly BlueprintEntry[]): string => JSON.stringify(entries.map(plain));
  const accounts = numbered(args.accounts);
  // What the PolicyBindings refer to; other resources compare its attributes.
  const named = (groupIds: readonly string[]) =>
    [...accounts.flatMap(accountEntries), ...providerEntries(args)]
      .filter(({ id = "" }) => id === "application" || groupIds.includes(id))
      .map((entry) => ({ ...entry, attrs: {} }));
  // Without the group of another account, each row stays as it is when that one changes.
  const namedFor = (group: string) =>
    named([accounts.find((account) => account.group === group)?.groupId ?? accounts[0]?.groupId ?? ""]);
  return {
    all: json([
      ...accounts.flatMap(accountEntries),
      ...providerEntries(args),
      ...bindings,
      ...flowEntries(args.machineFlow, accounts),
      ...accounts.map(appPasswordEntry),
    ]),
    application: json(providerEntries(args)),
    accounts: Object.fromEntries(
      Object.keys(args.accounts).map((id, number) => {
        const own = accounts.slice(number, number + 1);
        return [
          id,
          json([...own.flatMap(accountEntries), ...flowEntries(args.machineFlow, own), ...own.map(appPasswordEntry)]),
        ];
      }),
    ),
    bindings: Object.fromEntries(
      args.signInGroups.map((group, index) => [group, json([...namedFor(group), ...bindings.slice(index, index + 1)])]),
    ),
  };
}

/** The entries of such a list. */
export function parseDeclared(json: string): readonly DeclaredEntry[] {
  return JSON.parse(json) as readonly DeclaredEntry[];
}

function plain({ model, id, identifiers = {}, otherwise, attrs: others = {} }: BlueprintEntry): DeclaredEntry {
  const attrs = otherwise === undefined ? others : { ...identifiers, ...others };
  const values = (fields: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, plainValue(value)]));
  return { model, ...(id === undefined ? {} : { id }), identifiers: values(identifiers), attrs: values(attrs) };
}

function plainValue(value: unknown): DeclaredValue {
  if (yaml().isScalar(value) || yaml().isSeq(value)) {
    const content = value.toJSON() as DeclaredValue;
    return value.tag === undefined ? content : { [value.tag]: content };
  }
  if (Array.isArray(value)) return value.map(plainValue);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainValue(inner)]));
  }
  return value as string | number | boolean | null;
}
