// Stands in for 1Password Connect: the initial data of a new folder.
import { createHash } from "node:crypto";
import { newId, now } from "./items.ts";
import type { Field, File, Item, Section, Vault } from "./items.ts";

export interface FieldSeed {
  /** Default: a new id. */
  readonly id?: string;
  readonly label: string;
  /** `STRING`, `CONCEALED`, `EMAIL`, `URL`, … Default `CONCEALED`. */
  readonly type?: string;
  /** `USERNAME`, `PASSWORD` or `NOTES`. */
  readonly purpose?: string;
  readonly value: string;
  /** Id of one of the item's sections. */
  readonly section?: string;
}

export interface ItemSeed {
  /** Default: a new id. */
  readonly id?: string;
  readonly title: string;
  /** Default `API_CREDENTIAL`. */
  readonly category?: string;
  readonly fields?: readonly FieldSeed[];
  readonly sections?: readonly Section[];
  readonly tags?: readonly string[];
  readonly files?: readonly File[];
  /** Default: active. */
  readonly state?: "ARCHIVED" | "DELETED";
  readonly urls?: readonly { readonly href: string; readonly label?: string; readonly primary?: boolean }[];
}

export interface VaultSeed {
  /** Default: a new id. */
  readonly id?: string;
  readonly name: string;
  readonly items?: readonly ItemSeed[];
}

export interface ConnectTokenSeed {
  readonly token: string;
  /** Vault name to the token's permission. The token cannot see other vaults. */
  readonly vaults: Readonly<Record<string, "read" | "write">>;
}

export interface ConnectSeed {
  readonly vaults?: readonly VaultSeed[];
  readonly tokens?: readonly ConnectTokenSeed[];
}

/** A stored token. Only its digest is stored. */
export interface Token {
  readonly hash: string;
  /** Vault id to permission. */
  readonly rights: Readonly<Record<string, "read" | "write">>;
}

export interface State {
  readonly vaults: Vault[];
  readonly tokens: readonly Token[];
}

export function initialState(seed: ConnectSeed): State {
  const vaults = (seed.vaults ?? []).map(vault);
  const tokens = (seed.tokens ?? []).map(({ token, vaults: rights }) => ({
    hash: digest(token),
    rights: Object.fromEntries(
      Object.entries(rights).flatMap(([name, right]) => {
        const found = vaults.filter((candidate) => candidate.name === name);
        if (found.length === 0) {
          throw new Error(
            `A token in the seed of the lab's 1Password Connect names the vault "${name}", which is not in the seed. ` +
              "Add it to the seed's vaults.",
          );
        }
        return found.map(({ id }) => [id, right]);
      }),
    ),
  }));
  return { vaults, tokens };
}

export function digest(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

function vault(seed: VaultSeed): Vault {
  const id = seed.id ?? newId();
  const time = now();
  return {
    id,
    name: seed.name,
    attributeVersion: 1,
    contentVersion: 1,
    createdAt: time,
    updatedAt: time,
    items: (seed.items ?? []).map((one) => item(one, { id, name: seed.name }, time)),
  };
}

function item(seed: ItemSeed, inVault: Item["vault"], time: string): Item {
  return {
    id: seed.id ?? newId(),
    title: seed.title,
    vault: inVault,
    category: seed.category ?? "API_CREDENTIAL",
    version: 1,
    createdAt: time,
    updatedAt: time,
    lastEditedBy: newId().toUpperCase(),
    favorite: false,
    tags: seed.tags ?? [],
    urls: seed.urls ?? [],
    sections: seed.sections ?? [],
    fields: (seed.fields ?? []).map((one) => field(one, seed.sections ?? [])),
    ...(seed.files === undefined ? {} : { files: seed.files }),
    ...(seed.state === undefined ? {} : { state: seed.state }),
  };
}

function field(seed: FieldSeed, sections: readonly Section[]): Field {
  const section = sections.find((candidate) => candidate.id === seed.section);
  return {
    id: seed.id ?? newId(),
    type: seed.type ?? "CONCEALED",
    label: seed.label,
    value: seed.value,
    ...(seed.purpose === undefined ? {} : { purpose: seed.purpose }),
    ...(section === undefined ? {} : { section }),
  };
}
