import { setTimeout as delay } from "node:timers/promises";
import { ZotAuthError } from "../../core/errors.ts";
import type { Secret } from "../../core/secrets/secret.ts";
import { waitFor } from "../../core/time/wait.ts";
import type { Backend, Change } from "./backend.ts";
import { assertActive, findField, sectionForNewField, writableField } from "./item/field.ts";
import { differences } from "./item/item.ts";
import type { Item } from "./item/item.ts";
import type { Place } from "./item/place.ts";

/** As often as 1Password's own Terraform provider tries. */
const TRIES = 5;
/** How many seconds to look for a write whose response was lost. A field that was added twice would be two, so it is looked for longer. */
const LOST_ANSWER_SECONDS = { change: 5, addition: 30 };
/** How often to write if the response is lost and the value does not appear. */
const LOST_TRIES = 3;

export interface WriterOptions {
  readonly warn?: (code: string, message: string) => void;
  readonly settleSeconds?: number;
}

/**
 * Writes one field of one item: reads the item, writes, reads until the value appears, and compares the item before and after, so that
 * a concurrent change is noticed.
 */
export class FieldWriter {
  readonly #backend: Backend;
  readonly #warn: (code: string, message: string) => void;
  readonly #settleSeconds: number;
  #last: Promise<unknown> = Promise.resolve();

  constructor(backend: Backend, options: WriterOptions) {
    this.#backend = backend;
    this.#warn = options.warn ?? ((code, message) => process.emitWarning(message, { type: "ZotAuthWarning", code }));
    this.#settleSeconds = options.settleSeconds ?? 30;
  }

  /** One at a time: writing two fields of one item concurrently would look like an external change. */
  async write(place: Place, value: Secret, signal: AbortSignal): Promise<void> {
    const before = this.#last;
    const own = (async (): Promise<void> => {
      await before;
      await this.#tryWrite(place, value, signal);
    })();
    this.#last = own.catch(() => undefined); // the caller of that write gets the error
    return own;
  }

  async #tryWrite(place: Place, value: Secret, signal: AbortSignal): Promise<void> {
    let losses = 0;
    for (let attempt = 1; ; attempt++) {
      const before = await this.#backend.item(place, signal);
      assertActive(before, place);
      const field = writableField(before, place);
      if ((field?.value ?? "") === value.reveal()) return;
      this.#backend.assertKeepsRest(before, place);
      const change = { field, label: place.field, section: sectionForNewField(before, place), value };
      const outcome = await this.#backend.write(before, change, place, signal);
      if (outcome.kind !== "conflict") {
        const lost = outcome.kind === "unsure" ? outcome.error : undefined;
        const after = await this.#settled(before, change, place, lost, signal);
        if (after !== undefined) {
          this.#compare(before, after, place);
          if (field === undefined && findField(after, place)?.section === "") this.#outsideOfSections(place);
          return;
        }
        losses += 1;
        // Written again as a whole, an item could lose what somebody changed meanwhile.
        if (lost !== undefined && (losses === LOST_TRIES || this.#backend.replacesItem)) throw lost;
        continue;
      }
      if (attempt === TRIES) throw conflict(place, outcome.error);
      await delay(Math.min(100 * 2 ** attempt, 500) + Math.random() * 100, undefined, { signal });
    }
  }

  /** Waits until the item has the value. Connect may return the earlier version for a while. `undefined` after a lost response: it does not. */
  async #settled(
    before: Item,
    { field, value }: Change,
    place: Place,
    lost: ZotAuthError | undefined,
    signal: AbortSignal,
  ): Promise<Item | undefined> {
    const lostSeconds = LOST_ANSWER_SECONDS[field === undefined ? "addition" : "change"];
    const byId = { ...place, vault: before.vaultId, item: before.id };
    let seen = before;
    const look = async (): Promise<Item | undefined> => {
      try {
        seen = await this.#backend.item(byId, signal);
      } catch (error) {
        // The server that lost the response may not be back yet.
        if (lost !== undefined && error instanceof ZotAuthError && error.code === lost.code) return undefined;
        throw error;
      }
      if ((findField(seen, place)?.value ?? "") === value.reveal()) return seen;
      if (seen.version > before.version + 1) throw this.#notStored(place);
      return undefined;
    };
    try {
      return await waitFor(look, {
        what: `${this.#backend.name} to return the new value of ${place.reference}`,
        timeoutSeconds: lost === undefined ? this.#settleSeconds : Math.min(lostSeconds, this.#settleSeconds),
        signal,
        code: "ONEPASSWORD_LAGGING",
        remedy: () =>
          `It still returns version ${before.version} of the item. Check at its /health whether it is in sync with 1Password, and run again.`,
      });
    } catch (error) {
      if (!(error instanceof ZotAuthError && error.code === "ONEPASSWORD_LAGGING")) throw error;
      if (lost !== undefined) return undefined;
      throw seen.version > before.version ? this.#notStored(place) : error;
    }
  }

  #notStored({ reference }: Place): ZotAuthError {
    return new ZotAuthError(
      "ONEPASSWORD_NOT_STORED",
      `${this.#backend.name} accepted a value for ${reference} but returns another one. Check whether something else writes that field, and run again.`,
    );
  }

  #outsideOfSections({ reference }: Place): void {
    this.#warn(
      "ONEPASSWORD_OUTSIDE_SECTION",
      `${this.#backend.name} created ${reference} outside of any section, although a section was named. It works, but 1Password's own Pulumi and Terraform providers do not show such a field. To read it with them, move it into a section in the 1Password app.`,
    );
  }

  /** Each change increments the version, so an increase by more than one means a concurrent change. */
  #compare(before: Item, after: Item, place: Place): void {
    const { reference } = place;
    const ours = findField(after, place) ?? findField(before, place);
    const different = differences(before, after, ours?.id).join(", ");
    const others = Math.max(0, after.version - before.version - 1);
    const versions = `from version ${before.version} to ${after.version}`;
    if (others === 0) {
      if (different === "") return;
      throw new ZotAuthError(
        "ONEPASSWORD_ITEM_DAMAGED",
        `The value of ${reference} is stored, but other parts of its item changed (${different}; ${versions}). Restore them from the item's history in the 1Password app, and report this to the makers of ${this.#backend.name}.`,
      );
    }
    // op writes the item as we read it. A single change that is visible came after that and is kept.
    if (this.#backend.replacesItem && !(others === 1 && different !== "")) {
      throw new ZotAuthError(
        "ONEPASSWORD_OTHERS_CHANGE_LOST",
        `The value of ${reference} is stored, but the item changed at the same time (${versions}), and op, which replaces whole items, may have undone that change. Compare with the item's history in the 1Password app. 1Password Connect (onePassword.connectUrl) changes single fields.`,
      );
    }
    this.#warn(
      "ONEPASSWORD_CHANGED_MEANWHILE",
      different === ""
        ? `The item of ${reference} changed at the same time (${versions}), in this field alone. The item's history in 1Password has the other value.`
        : `The item of ${reference} changed at the same time: ${different} (${versions}). That change is kept.`,
    );
  }
}

function conflict({ reference }: Place, cause: ZotAuthError): ZotAuthError {
  return new ZotAuthError(
    "ONEPASSWORD_CONFLICT",
    `Writing ${reference} failed ${TRIES} times, because the item changed each time. Find out what changes it, and run again. ${cause.message}`,
  );
}
