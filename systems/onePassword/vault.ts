import type { SecretReference } from "../../core/secrets/reference.ts";
import { Secret } from "../../core/secrets/secret.ts";
import type { Backend } from "./backend.ts";
import { Connect } from "./connect.ts";
import { assertActive, findField, valueOf, writableField } from "./item/field.ts";
import type { Item } from "./item/item.ts";
import { ItemCache } from "./item/itemCache.ts";
import { OpCli } from "./op/op.ts";
import { placeOf } from "./item/place.ts";
import type { Place } from "./item/place.ts";
import { FieldWriter } from "./writer.ts";

/** How to connect to 1Password: the provider's configuration. It holds references, not secrets. */
export interface OnePasswordConnection {
  readonly connectUrl?: string | undefined;
  readonly connectToken?: SecretReference | undefined;
  readonly account?: string | undefined;
  readonly serviceAccountToken?: SecretReference | undefined;
}

export interface OnePasswordOptions {
  /** Receives warnings. Default: `process.emitWarning`, which Pulumi shows. */
  readonly warn?: (code: string, message: string) => void;
  /** How many seconds a written value may take to appear. Default 30. */
  readonly settleSeconds?: number;
  /** Seconds that one run of `op` may take. Default 120, since it may ask for a fingerprint. */
  readonly opSeconds?: number;
}

/**
 * Reads and writes single fields of existing 1Password items. Never changes anything else in an item.
 *
 * Errors have a code that begins with `ONEPASSWORD_`, or `SERVER_UNREACHABLE`.
 */
export interface OnePassword {
  /**
   * Returns the field's value. Within one operation, that is with the same abort signal, an item is read once in half a minute; without a
   * signal it is read each time.
   *
   * @throws ZotAuthError `ONEPASSWORD_FIELD_MISSING`, also for an empty field
   */
  read(reference: SecretReference, signal?: AbortSignal): Promise<Secret>;
  /**
   * Writes the field and reads it back. Creates a concealed field if the item has none of that name. If the field already has the value,
   * writes nothing, so that the call can be repeated after a crash.
   */
  write(reference: SecretReference, value: Secret, signal?: AbortSignal): Promise<void>;
  /** Throws if the field could not be written. The field itself may be missing. Only a write shows whether the token may write. */
  assertItem(reference: SecretReference, signal?: AbortSignal): Promise<void>;
  /** Whether both references lead to one field: names of vaults, items and fields have ids, and case matters little. */
  isSameField(one: SecretReference, other: SecretReference, signal?: AbortSignal): Promise<boolean>;
  /** Empties the field and keeps it. Does nothing if it does not exist. */
  blank(reference: SecretReference, signal?: AbortSignal): Promise<void>;
}

/** 1Password as the settings say: through Connect, or through `op`. */
export function onePassword(
  connection: OnePasswordConnection,
  resolve: (reference: SecretReference) => Promise<Secret>,
  options: OnePasswordOptions = {},
): OnePassword {
  const { connectUrl, connectToken, account, serviceAccountToken } = connection;
  const backend =
    connectUrl === undefined || connectToken === undefined
      ? new OpCli({ account, serviceAccountToken, resolve, timeoutSeconds: options.opSeconds ?? 120 })
      : new Connect(connectUrl, connectToken, resolve);
  return new Vault(backend, options);
}

class Vault implements OnePassword {
  readonly #backend: Backend;
  readonly #items = new ItemCache();
  readonly #writer: FieldWriter;

  constructor(backend: Backend, options: OnePasswordOptions) {
    this.#backend = backend;
    this.#writer = new FieldWriter(backend, options);
  }

  async read(reference: SecretReference, signal?: AbortSignal): Promise<Secret> {
    const place = placeOf(reference);
    return new Secret(valueOf(await this.#item(place, signal), place));
  }

  async assertItem(reference: SecretReference, signal?: AbortSignal): Promise<void> {
    const place = placeOf(reference);
    const item = await this.#item(place, signal);
    writableField(item, place);
    this.#backend.assertKeepsRest(item, place);
  }

  async isSameField(one: SecretReference, other: SecretReference, signal?: AbortSignal): Promise<boolean> {
    if (one === other) return true;
    const [first, second] = await Promise.all([this.#field(one, signal), this.#field(other, signal)]);
    return first !== undefined && first === second;
  }

  /** Ids of the vault, the item and the field; `undefined` if it does not exist. */
  async #field(reference: SecretReference, signal: AbortSignal | undefined): Promise<string | undefined> {
    const place = placeOf(reference);
    const item = await this.#item(place, signal);
    const field = findField(item, place);
    return field === undefined ? undefined : `${item.vaultId}/${item.id}/${field.id}`;
  }

  async write(reference: SecretReference, value: Secret, signal?: AbortSignal): Promise<void> {
    if (value.reveal() === "") throw new TypeError("use blank() to empty a field");
    await this.#change(reference, value, signal);
  }

  async blank(reference: SecretReference, signal?: AbortSignal): Promise<void> {
    await this.#change(reference, new Secret(""), signal);
  }

  async #change(reference: SecretReference, value: Secret, signal = new AbortController().signal): Promise<void> {
    try {
      await this.#writer.write(placeOf(reference), value, signal);
    } finally {
      this.#items.forget();
    }
  }

  async #item(place: Place, signal: AbortSignal | undefined): Promise<Item> {
    const ask = (): Promise<Item> => this.#backend.item(place, signal ?? new AbortController().signal);
    const item = signal === undefined ? await ask() : await this.#items.get(place, signal, ask);
    assertActive(item, place);
    return item;
  }
}
