/** A vault as both Connect and `op` return it. */
export interface Vault {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
}

export interface Field {
  readonly id: string;
  readonly label?: string;
  readonly purpose?: string;
  readonly type?: string;
  readonly value?: string;
  readonly section?: { readonly id: string };
}

export interface File {
  readonly id: string;
  readonly name: string;
  readonly section?: { readonly id: string };
}

/** An item as both Connect and `op` return it. */
export interface Item {
  readonly id: string;
  readonly title: string;
  readonly category: string;
  readonly vault: { readonly id: string };
  readonly tags?: readonly string[];
  readonly urls?: readonly { readonly href: string; readonly primary?: boolean }[];
  readonly sections?: readonly { readonly id: string; readonly label?: string }[];
  readonly fields?: readonly Field[];
  readonly files?: readonly File[];
}

/** Access to 1Password. Every method fails with the official plugin's message. */
export interface Account {
  vault(id: string, signal: AbortSignal): Promise<Vault>;
  vaultsNamed(name: string, signal: AbortSignal): Promise<readonly Vault[]>;
  /** @param vault id or name */
  item(id: string, vault: string, signal: AbortSignal): Promise<Item>;
  itemTitled(title: string, vault: string, signal: AbortSignal): Promise<Item>;
  fileContent(file: File, item: Item, signal: AbortSignal): Promise<Buffer>;
}
