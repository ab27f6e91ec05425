// Stands in for 1Password Connect 1.7: the REST API for vaults and items.
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import type { Context } from "hono";
import { join } from "node:path";
import { listen } from "../shared/listen.ts";
import type { RunningServer } from "../shared/listen.ts";
import { Store } from "../shared/store.ts";
import { readItem } from "./itemInput.ts";
import { isId, now, showVault, summary } from "./items.ts";
import type { Item, Vault } from "./items.ts";
import { patchItem } from "./patch.ts";
import { Refusal } from "./refusal.ts";
import { digest, initialState } from "./seed.ts";
import type { ConnectSeed, State, Token } from "./seed.ts";

export type { ConnectSeed, ConnectTokenSeed, FieldSeed, ItemSeed, VaultSeed } from "./seed.ts";

export interface ConnectOptions {
  /** 0 for any free port. */
  readonly port: number;
  /** The setting of the port, for the error if the port is in use. */
  readonly setting?: string;
  /** Folder for the data. */
  readonly data: string;
  /** Used only if the folder is empty. */
  readonly seed?: ConnectSeed;
}

const VERSION = "1.7.3";

export async function startConnect(options: ConnectOptions): Promise<RunningServer> {
  const store = Store.open<State>(join(options.data, "onepassword.json"), () => initialState(options.seed ?? {}));
  const answer = getRequestListener(connect(store).fetch);
  return listen((request, response) => void answer(request, response), {
    name: "1Password Connect",
    port: options.port,
    ...(options.setting === undefined ? {} : { setting: options.setting }),
  });
}

function connect(store: Store<State>): Hono {
  const app = new Hono();
  app.use(async (context, following) => {
    await following();
    context.res.headers.set("1Password-Connect-Version", VERSION);
  });
  app.get("/heartbeat", (context) => context.text("."));
  app.get("/health", (context) =>
    context.json({
      name: "1Password Connect API",
      version: VERSION,
      dependencies: [
        { service: "sync", status: "ACTIVE" },
        { service: "sqlite", status: "ACTIVE", message: "Connected to 1password.sqlite" },
      ],
    }),
  );
  addVaults(app, store);
  addItems(app, store);
  app.notFound((context) => context.json({ status: 404, message: "Not found" }, 404));
  app.onError((error, context) => {
    if (!(error instanceof Refusal)) throw error;
    return context.json({ status: error.status, message: error.message }, error.status);
  });
  return app;
}

function addVaults(app: Hono, store: Store<State>): void {
  app.get("/v1/vaults", (context) => {
    const { rights } = tokenOf(store, context);
    const named = filter(context, ["name", "title"]);
    const vaults = store.data.vaults.filter(({ id, name }) => id in rights && (named === null || named === name));
    return context.json(vaults.map(showVault));
  });
  app.get("/v1/vaults/:vault", (context) => context.json(showVault(vaultOf(store, context, "read"))));
}

function addItems(app: Hono, store: Store<State>): void {
  app.get("/v1/vaults/:vault/items", (context) => {
    const { items } = vaultOf(store, context, "read");
    const titled = filter(context, ["title", "name"]);
    return context.json(
      items.filter(({ title, state }) => state !== "DELETED" && (titled === null || titled === title)).map(summary),
    );
  });
  app.post("/v1/vaults/:vault/items", async (context) => {
    const vault = vaultOf(store, context, "create");
    const item = readItem(await bodyOf(context), { id: vault.id, name: vault.name });
    vault.items.push(item);
    changed(store, vault);
    return context.json(item);
  });
  app.get("/v1/vaults/:vault/items/:item", (context) => context.json(itemOf(vaultOf(store, context, "read"), context)));
  app.put("/v1/vaults/:vault/items/:item", (context) =>
    replace(store, context, (item, body) => {
      const { id } = (typeof body === "object" && body !== null ? body : {}) as { readonly id?: unknown };
      if (id !== item.id) throw new Refusal(400, "The item's id does not match the id of the path");
      return readItem(body, item.vault, item);
    }),
  );
  app.patch("/v1/vaults/:vault/items/:item", (context) => replace(store, context, patchItem));
  app.delete("/v1/vaults/:vault/items/:item", (context) => {
    const vault = vaultOf(store, context, "delete");
    vault.items.splice(vault.items.indexOf(itemOf(vault, context)), 1);
    changed(store, vault);
    return context.body(null, 204);
  });
}

async function replace(
  store: Store<State>,
  context: Context,
  change: (item: Item, body: unknown) => Item,
): Promise<Response> {
  const vault = vaultOf(store, context, "update");
  // Read the body first, so that no other request can run between finding and replacing the item.
  const body = await bodyOf(context);
  const item = itemOf(vault, context);
  const replacement = change(item, body);
  vault.items[vault.items.indexOf(item)] = replacement;
  if (replacement !== item) changed(store, vault);
  return context.json(replacement);
}

function changed(store: Store<State>, vault: Vault): void {
  vault.contentVersion += 1;
  vault.updatedAt = now();
  store.save();
}

function tokenOf({ data }: Store<State>, context: Context): Token {
  const bearer = /^bearer (.+)$/i.exec(context.req.header("Authorization") ?? "")?.[1];
  if (bearer === undefined) throw new Refusal(401, "Invalid bearer token");
  const hash = digest(bearer);
  const token = data.tokens.find((candidate) => candidate.hash === hash);
  if (token === undefined) throw new Refusal(401, "Invalid token signature");
  return token;
}

/** The vault in the path, if the token may perform the action on it. */
function vaultOf(store: Store<State>, context: Context, action: "read" | "create" | "update" | "delete"): Vault {
  const { rights } = tokenOf(store, context);
  const id = context.req.param("vault") ?? "";
  if (!isId(id)) throw new Refusal(400, "Invalid Vault UUID");
  // Connect does not reveal whether a vault outside the token's scope exists.
  const vault = store.data.vaults.find((candidate) => candidate.id === id);
  const right = rights[id];
  if (vault === undefined || right === undefined) throw new Refusal(403, `vault ${id} is not in scope`);
  if (action !== "read" && right !== "write") {
    throw new Refusal(403, `Authorization: token does not have permission to perform ${action} on vault ${id}`);
  }
  return vault;
}

function itemOf(vault: Vault, context: Context): Item {
  const id = context.req.param("item") ?? "";
  if (!isId(id)) throw new Refusal(400, "Invalid Item UUID");
  const item = vault.items.find((candidate) => candidate.id === id);
  if (item === undefined || item.state === "DELETED") throw new Refusal(404, `item ${id} not found`);
  return item;
}

/** The value in a SCIM filter `title eq "X"`; null without a filter. */
function filter(context: Context, attributes: readonly string[]): string | null {
  const text = context.req.query("filter");
  if (text === undefined) return null;
  const [, attribute, quoted] = /^\s*(\w+)\s+eq\s+"(.*)"\s*$/is.exec(text) ?? [];
  if (attribute === undefined || quoted === undefined || !attributes.includes(attribute)) {
    throw new Refusal(400, "Invalid filter");
  }
  return quoted.replace(/\\(["\\])/g, "$1");
}

async function bodyOf(context: Context): Promise<unknown> {
  try {
    return await context.req.json<unknown>();
  } catch {
    throw new Refusal(400, "Invalid request body");
  }
}
