import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import { transportError } from "../transportError.ts";
import type { Account, File, Item, Vault } from "./model.ts";

/** Anything else is a name. */
const ID = /^[a-z0-9]{26}$/;

/** 1Password through Connect's REST API, with the same requests in the same order as 1Password's client. */
export class Connect implements Account {
  readonly #url: string;
  readonly #token: string;

  constructor(url: string, token: string) {
    this.#url = url.replace(/\/+$/, "");
    this.#token = token;
  }

  async vault(id: string, signal: AbortSignal): Promise<Vault> {
    return this.#json(`/v1/vaults/${await this.#vaultId(id, signal)}`, signal);
  }

  async vaultsNamed(name: string, signal: AbortSignal): Promise<readonly Vault[]> {
    return this.#json(`/v1/vaults?filter=${titled(name)}`, signal);
  }

  async item(id: string, vault: string, signal: AbortSignal): Promise<Item> {
    if (!ID.test(id)) return this.itemTitled(id, vault, signal);
    return this.#json(`/v1/vaults/${await this.#vaultId(vault, signal)}/items/${id}`, signal);
  }

  async itemTitled(title: string, vault: string, signal: AbortSignal): Promise<Item> {
    const vaultId = await this.#vaultId(vault, signal);
    const items = await this.#json<readonly Item[]>(`/v1/vaults/${vaultId}/items?filter=${titled(title)}`, signal);
    const [summary] = items;
    if (summary === undefined || items.length > 1) {
      throw new Error(
        `Found ${items.length} item(s) in vault ${JSON.stringify(vaultId)} with title ${JSON.stringify(title)}`,
      );
    }
    // Items in a list have no fields.
    return this.item(summary.id, vaultId, signal);
  }

  async fileContent(file: File, item: Item, signal: AbortSignal): Promise<Buffer> {
    return this.#get(`/v1/vaults/${item.vault.id}/items/${item.id}/files/${file.id}/content`, signal);
  }

  async #vaultId(vault: string, signal: AbortSignal): Promise<string> {
    if (vault === "") throw new Error("Please provide either the vault name or its ID.");
    if (ID.test(vault)) return vault;
    const vaults = await this.vaultsNamed(vault, signal);
    const [found] = vaults;
    if (found === undefined || vaults.length > 1) {
      throw new Error(`Found ${vaults.length} vaults with title ${JSON.stringify(vault)}`);
    }
    return found.id;
  }

  async #json<Body>(path: string, signal: AbortSignal): Promise<Body> {
    return JSON.parse((await this.#get(path, signal)).toString()) as Body;
  }

  /** Not with `fetch`, which takes longer to load than all else that this plugin does. */
  async #get(path: string, signal: AbortSignal): Promise<Buffer> {
    const url = this.#url + path;
    try {
      const request = url.startsWith("https:")
        ? (await import("node:https")).request
        : (await import("node:http")).request;
      const sent = request(url, { headers: { authorization: `Bearer ${this.#token}` }, signal }).end();
      const [response] = (await once(sent, "response")) as [IncomingMessage];
      const body = await buffer(response);
      if (response.statusCode === 200) return body;
      throw new Refusal(`status ${response.statusCode ?? 0}: ${messageIn(body.toString())}`);
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof Refusal ? error : new Error(transportError("GET", url, error), { cause: error });
    }
  }
}

/** An answer of Connect that is not what was asked for. */
class Refusal extends Error {}

function titled(name: string): string {
  return encodeURIComponent(`title eq "${name}"`);
}

function messageIn(body: string): string {
  try {
    return String((JSON.parse(body) as { readonly message?: string }).message);
  } catch {
    return body;
  }
}
