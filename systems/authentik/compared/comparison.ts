import type { DeclaredEntry, DeclaredValue } from "../blueprint/declared.ts";
import { at } from "../../../core/json.ts";
import type { Authentik } from "../client.ts";
import { ifAllowed } from "../rights/check.ts";
import { BINDING, GROUP, find, referenceIn, text, titleOf } from "./models.ts";

/** What cannot be compared: a secret, or something that the token may not read. */
export const UNKNOWN: unique symbol = Symbol("unknown");
/** The key of an object that does not exist. */
export const NOTHING: unique symbol = Symbol("nothing");

export type Known = DeclaredValue | undefined | typeof UNKNOWN | typeof NOTHING;
export type Fields = Readonly<Record<string, Known>>;

/** What Authentik has for an entry of the blueprint. */
export interface Compared {
  readonly entry: DeclaredEntry;
  /** What a message calls it. */
  readonly title: string;
  /** Empty: it does not exist. `undefined`: the token may not read it, or what identifies it. */
  readonly objects: readonly unknown[] | undefined;
  /** The attributes that the blueprint sets, as Authentik shows them. */
  readonly wanted: () => Promise<Fields>;
}

/** Compares entries of a blueprint with what Authentik has. An entry may refer to those that were compared before it. */
export class Comparison {
  readonly #authentik: Authentik;
  /** By the id that later entries refer to. */
  readonly #known = new Map<string, { readonly entry: DeclaredEntry; readonly compared?: Promise<Compared> }>();

  constructor(authentik: Authentik) {
    this.#authentik = authentik;
  }

  /** Later entries may refer to this one, which is not looked up. */
  skip(entry: DeclaredEntry): void {
    if (entry.id !== undefined) this.#known.set(entry.id, { entry });
  }

  async compare(entry: DeclaredEntry): Promise<Compared> {
    const compared = this.#compare(entry);
    if (entry.id !== undefined) this.#known.set(entry.id, { entry, compared });
    return compared;
  }

  async #compare(entry: DeclaredEntry): Promise<Compared> {
    const identifiers = await this.#resolveAll(entry.identifiers, entry.model);
    const values = Object.values(identifiers);
    const seen = values.includes(NOTHING)
      ? []
      : values.includes(UNKNOWN)
        ? undefined
        : await ifAllowed(async () => find(this.#authentik, entry.model, identifiers));
    return {
      entry,
      title: titleOf(entry, identifiers),
      objects: seen,
      wanted: async () => this.#resolveAll(entry.attrs, entry.model),
    };
  }

  async #resolveAll(values: DeclaredEntry["attrs"], model: string): Promise<Fields> {
    const resolved = Object.entries(values).map(async ([field, value]) => {
      // What policies are bound to has a key of its own.
      const key = model === BINDING && field === "target" ? "policybindingmodel_ptr_id" : "pk";
      return [field, await this.#resolve(value, key)] as const;
    });
    return Object.fromEntries(await Promise.all(resolved));
  }

  async #resolve(value: DeclaredValue, key = "pk"): Promise<Known> {
    if (Array.isArray(value)) {
      const items = await Promise.all((value as readonly DeclaredValue[]).map(async (item) => this.#resolve(item)));
      const known = items.filter((item) => item !== UNKNOWN && item !== NOTHING && item !== undefined);
      return known.length < items.length ? UNKNOWN : known;
    }
    const [tag, content] = referenceIn(value) ?? [];
    if (tag === "!KeyOf") return this.#keyOf(text(content), key);
    if (tag === "!Find") return this.#find(content);
    return tag === undefined ? value : UNKNOWN;
  }

  /** A group is compared by its name, which Authentik shows beside its key: reading groups needs a permission of its own. */
  async #keyOf(id: string, key: string): Promise<Known> {
    const known = this.#known.get(id);
    if (known?.entry.model === GROUP) return known.entry.identifiers["name"];
    const objects = (await known?.compared)?.objects;
    if (objects === undefined) return UNKNOWN;
    const [object] = objects;
    return object === undefined ? NOTHING : ((at(object, key) ?? at(object, "pk")) as DeclaredValue);
  }

  async #find(content: unknown): Promise<Known> {
    const [model, field, value] = [at(content, 0), at(content, 1, 0), at(content, 1, 1)].map(String);
    if (model === undefined || field === undefined || value === undefined) return UNKNOWN;
    if (model === GROUP) return value;
    const seen = await ifAllowed(async () => find(this.#authentik, model, { [field]: value }));
    // For what does not exist, `!Find` gives `null`.
    return seen === undefined ? UNKNOWN : ((at(seen, 0, "pk") ?? null) as DeclaredValue);
  }
}
