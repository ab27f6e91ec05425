import type { SecretReference } from "../../core/secretReference.ts";
import { Secret } from "../../core/secret.ts";
import type { Backend } from "./backend.ts";
import { Connect } from "./connect.ts";
import { assertActive, valueOf, writableField } from "./item/field.ts";
import type { Item } from "./item/item.ts";
import { ItemCache } from "./item/itemCache.ts";
import { OpCli } from "./op/op.ts";
import { placeOf } from "./item/place.ts";
import type { Place } from "./item/place.ts";
import { FieldWriter } from "./writer.ts";

/** How to get into 1Password: the provider's configuration. Holds references, no secrets. */
export interface OnePasswordConnection {
  readonly connectUrl?: string;
  readonly connectToken?: SecretReference;
  readonly account?: string;
  readonly serviceAccountToken?: SecretReference;
}

export interface OnePasswordOptions {
  /** Told of what the person should know and nothing fails by. Default: Node's warnings, which Pulumi shows. */
  readonly warn?: (code: string, message: string) => void;
  /** Seconds until a value that was written has to be seen. Default 30. */
  readonly settleSeconds?: number;
  /** Seconds for one run of `op`. Default 120: a person may have to find their fingerprint. */
  readonly opSeconds?: number;
}

/**
 * Reading and writing single fields of existing 1Password items. Nothing else of an item is ever changed.
 *
 * Errors have a code that begins with `ONEPASSWORD_`, or `SERVER_UNREACHABLE`.
 */
export interface OnePassword {
  /**
   * The field's value. Within one operation, which is what shares an abort signal, an item is asked for once in half a minute; without a
   * signal it is asked for each time.
   *
   * @throws ZotAuthError `ONEPASSWORD_FIELD_MISSING` also for an empty field
   */
  read(reference: SecretReference, signal?: AbortSignal): Promise<Secret>;
  /**
   * Writes the field and reads it back; makes it, concealed, when the item has none of that name. Where the field has the value already,
   * nothing is written, so that it can be repeated after a crash.
   */
  write(reference: SecretReference, value: Secret, signal?: AbortSignal): Promise<void>;
  /** Says what is wrong when the field could not be written. The field itself may be missing. Whether the token may write shows only a write. */
  assertItem(reference: SecretReference, signal?: AbortSignal): Promise<void>;
  /** Empties the field and keeps it. A field that is not there is as good. */
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

  async write(reference: SecretReference, value: Secret, signal?: AbortSignal): Promise<void> {
    if (value.reveal() === "") throw new TypeError("a field is emptied by blank()");
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
