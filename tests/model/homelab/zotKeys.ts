// The keys in the database of the model's zot.
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { ApiKey } from "../../../lab/zot/access/users.ts";
import { knowledgeOf } from "./memory.ts";
import { NEVER } from "./servers.ts";

/** A key as zot's database has it. */
export interface HeldKey {
  readonly hash: string;
  readonly label: string;
}

export interface KeyOfUser {
  readonly user: string;
  readonly label: string;
}

/** By what zot knows a key: it does not have the key itself. */
export function hashOf(key: string): string {
  return createHash("sha256").update(key.replace(/^zak_/, "")).digest("hex");
}

/** By name. */
export type Users = Record<string, { readonly apiKeys: Record<string, ApiKey> }>;

/** The accounts of a zot with that data folder. */
export function usersIn(data: string): Users {
  return (knowledgeOf(join(data, "_lab", "meta.json")) as { readonly users: Users } | undefined)?.users ?? {};
}

/** Every key, expired ones too. */
export function keysOf(users: Users): readonly KeyOfUser[] {
  return Object.entries(users).flatMap(([user, { apiKeys }]) =>
    Object.values(apiKeys).map(({ label }) => ({ user, label })),
  );
}

/** Whether zot would still accept the key. */
export function isValid(key: ApiKey | undefined): boolean {
  if (key === undefined) return false;
  return key.expirationDate === NEVER || Date.parse(key.expirationDate) > Date.now();
}
