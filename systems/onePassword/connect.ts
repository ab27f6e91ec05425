import { ZotAuthError } from "../../core/errors.ts";
import type { SecretReference } from "../../core/secrets/reference.ts";
import { request, unexpected } from "../../core/http/http.ts";
import { at, list, string } from "../../core/json.ts";
import type { Endpoint, HttpResponse } from "../../core/http/http.ts";
import { Secret } from "../../core/secrets/secret.ts";
import { assertToken, quote } from "./backend.ts";
import type { Backend, Change, Outcome } from "./backend.ts";
import { archived, matching } from "./item/field.ts";
import { readItem } from "./item/item.ts";
import type { Item } from "./item/item.ts";
import { isId, slashHint } from "./item/place.ts";
import type { Place } from "./item/place.ts";

const SETTING = "onePassword.connectToken";

/** 1Password Connect's REST API. It changes a field by PATCH and the field's id, so that the rest of the item cannot be lost. */
export class Connect implements Backend {
  readonly name = "1Password Connect";
  readonly replacesItem = false;
  readonly #endpoint: Endpoint;
  readonly #token: SecretReference;
  readonly #resolve: (reference: SecretReference) => Promise<Secret>;

  constructor(url: string, token: SecretReference, resolve: (reference: SecretReference) => Promise<Secret>) {
    this.#endpoint = { name: this.name, url, setting: "onePassword.connectUrl" };
    this.#token = token;
    this.#resolve = resolve;
  }

  async item(place: Place, signal: AbortSignal): Promise<Item> {
    const vault = isId(place.vault) ? place.vault : await this.#vaultNamed(place, signal);
    const item = isId(place.item) ? place.item : await this.#itemTitled(place, vault, signal);
    const answer = await this.#get(`/v1/vaults/${vault}/items/${item}`, place, signal);
    const found = readItem(answer.json);
    if (found === undefined) throw this.#notConnect();
    return found.vaultId === "" ? { ...found, vaultId: vault } : found;
  }

  assertKeepsRest(): void {
    // A PATCH names one field.
  }

  async write(before: Item, change: Change, place: Place, signal: AbortSignal): Promise<Outcome> {
    const { field, section, value } = change;
    const send = (patch: readonly object[]): Promise<HttpResponse> =>
      this.#request(`/v1/vaults/${before.vaultId}/items/${before.id}`, signal, patch);
    let answer: HttpResponse;
    try {
      if (field === undefined) {
        answer = await send([
          ...(section.exists ? [] : [withSection(before, section.id)]),
          addition(change, section.id),
        ]);
        // 1Password documents that a patch adds fields, not that it adds sections.
        if (answer.status === 400 && !section.exists) answer = await send([addition(change)]);
      } else {
        answer = await send([{ op: "replace", path: `/fields/${pointer(field.id)}/value`, value: value.reveal() }]);
      }
    } catch (error) {
      if (error instanceof ZotAuthError && error.code === "SERVER_UNREACHABLE") return { kind: "unsure", error };
      throw error;
    }
    return this.#outcome(answer, { before, fieldId: field?.id, value, place }, signal);
  }

  async #outcome(
    answer: HttpResponse,
    written: {
      readonly before: Item;
      readonly fieldId: string | undefined;
      readonly value: Secret;
      readonly place: Place;
    },
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { place, before, fieldId } = written;
    const { status } = answer;
    if (status === 200) return { kind: "written" };
    const error = unexpected(
      this.#endpoint,
      `write ${place.reference}`,
      answer.withText(quote(answer.text, [written.value])),
    );
    if (status === 409) return { kind: "conflict", error };
    if (status >= 500) return { kind: "unsure", error };
    // Before version 1.7 a read-only token gets a 401.
    if (status === 403 || (status === 401 && /write access|permission/i.test(said(answer)))) {
      throw new ZotAuthError(
        "ONEPASSWORD_READ_ONLY",
        `The token in ${SETTING} (${this.#token}) has insufficient permissions to write ${place.reference} (${status}). Grant it write access to the vault: \`op connect token create … --vault <vault>,rw\`.`,
      );
    }
    if (status === 401) throw this.#refused();
    if (status === 404) throw missing(place);
    const now = await this.item({ ...place, vault: before.vaultId, item: before.id }, signal);
    const gone = fieldId !== undefined && !now.fields.some(({ id }) => id === fieldId);
    if (gone) return { kind: "conflict", error };
    throw error;
  }

  async #vaultNamed(place: Place, signal: AbortSignal): Promise<string> {
    const vaults = await this.#list("/v1/vaults", `name eq "${place.vault}"`, place, signal);
    const found = matching(vaults, place.vault, (entry) => [string(at(entry, "name"))]);
    if (found.length === 1) return string(at(found[0], "id"));
    throw found.length === 0
      ? unknownVault(place)
      : new ZotAuthError(
          "ONEPASSWORD_VAULT_AMBIGUOUS",
          `1Password Connect has ${found.length} vaults named "${place.vault}" (in ${place.reference}). Use the vault's id instead.`,
        );
  }

  async #itemTitled(place: Place, vault: string, signal: AbortSignal): Promise<string> {
    const items = await this.#list(`/v1/vaults/${vault}/items`, `title eq "${place.item}"`, place, signal);
    const found = matching(items, place.item, (entry) => [string(at(entry, "title"))]);
    const active = found.filter((entry) => string(at(entry, "state")) === "");
    if (active.length === 1) return string(at(active[0], "id"));
    if (active.length > 1) {
      throw new ZotAuthError(
        "ONEPASSWORD_ITEM_AMBIGUOUS",
        `The 1Password vault "${place.vault}" has ${active.length} items titled "${place.item}" (in ${place.reference}). Use the item's id instead: ${active.map((entry) => string(at(entry, "id"))).join(", ")}.`,
      );
    }
    if (found.length === 0) throw missing(place);
    throw archived(place, at(found[0], "state") === "DELETED" ? "deleted" : "archived");
  }

  /** The filter only shortens the response. Connect rejects some characters in it, so a name with unusual characters goes without. */
  async #list(path: string, filter: string, place: Place, signal: AbortSignal): Promise<readonly unknown[]> {
    const plain = /^[a-z]+ eq "[A-Za-z0-9 _.()-]+"$/.test(filter);
    const answer = await this.#get(plain ? `${path}?filter=${encodeURIComponent(filter)}` : path, place, signal);
    if (!Array.isArray(answer.json)) throw this.#notConnect();
    return list(answer.json);
  }

  async #get(path: string, place: Place, signal: AbortSignal): Promise<HttpResponse> {
    const answer = await this.#request(path, signal);
    if (answer.status === 200) return answer;
    if (answer.status === 401) throw this.#refused();
    if (answer.status === 403) throw unknownVault(place);
    if (answer.status === 404) throw /^vault/i.test(said(answer)) ? unknownVault(place) : missing(place);
    throw unexpected(this.#endpoint, `read ${place.reference}`, answer);
  }

  async #request(path: string, signal: AbortSignal, patch?: readonly object[]): Promise<HttpResponse> {
    const token = await this.#resolve(this.#token);
    assertToken(token, SETTING, this.#token);
    return request(this.#endpoint, path, {
      ...(patch === undefined ? {} : { method: "PATCH", json: patch }),
      signal,
      headers: { authorization: new Secret(`Bearer ${token.reveal()}`) },
    });
  }

  #refused(): ZotAuthError {
    return new ZotAuthError(
      "ONEPASSWORD_TOKEN_REFUSED",
      `1Password Connect rejects the token in ${SETTING} (${this.#token}): it is wrong, expired or revoked. Create a new token and store it there.`,
    );
  }

  /** Without the response's text, which may contain secrets. */
  #notConnect(): ZotAuthError {
    return new ZotAuthError(
      "ONEPASSWORD_NOT_CONNECT",
      `The server at ${this.#endpoint.url} (setting onePassword.connectUrl) is not 1Password Connect. Correct the setting.`,
    );
  }
}

function said(answer: HttpResponse): string {
  return string(at(answer.json, "message"));
}

/** Adds a field to the item. */
function addition({ label, value }: Change, section?: string): object {
  const where = section === undefined ? {} : { section: { id: section } };
  return { op: "add", path: "/fields", value: { label, type: "CONCEALED", value: value.reveal(), ...where } };
}

/** Adds a section to the item. The list goes as a whole, which means the same in a JSON Patch and in Connect's variant of it. */
function withSection({ sections, json }: Item, id: string): object {
  const value = [...list(at(json, "sections")), { id }];
  return { op: sections.length === 0 ? "add" : "replace", path: "/sections", value };
}

/** Escapes a part of a JSON pointer. */
function pointer(part: string): string {
  return part.replaceAll("~", "~0").replaceAll("/", "~1");
}

function missing({ vault, item, section, reference }: Place): ZotAuthError {
  return new ZotAuthError(
    "ONEPASSWORD_ITEM_MISSING",
    `The item "${item}" does not exist in the 1Password vault "${vault}" (in ${reference}). Create it, restore it if it was deleted or archived, or correct the reference.${slashHint(section)}`,
  );
}

function unknownVault({ vault, section, reference }: Place): ZotAuthError {
  return new ZotAuthError(
    "ONEPASSWORD_VAULT_UNKNOWN",
    `The 1Password vault "${vault}" (in ${reference}) does not exist, or the token in ${SETTING} has no access to it. Check its name or id, and the token's vaults.${slashHint(section)}`,
  );
}
