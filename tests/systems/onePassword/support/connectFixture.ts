// Our client of 1Password Connect, on the lab's Connect.
import type { TestContext } from "node:test";
import type { SecretReference } from "../../../../core/secrets/reference.ts";
import { startConnect } from "../../../../lab/onePassword/server.ts";
import type { ItemSeed } from "../../../../lab/onePassword/server.ts";
import { onePassword } from "../../../../systems/onePassword/vault.ts";
import type { OnePassword } from "../../../../systems/onePassword/vault.ts";
import { Secret } from "../../../../core/secrets/secret.ts";
import { Between } from "./between.ts";
import { FULL, ITEM, VAULT, folder } from "./support.ts";

export const ARCHIVED = "archivedarchivedarchived22";
export const DELETED = "deleteddeleteddeleteddele2";

export interface ShownItem {
  readonly version: number;
  readonly fields: readonly {
    readonly id: string;
    readonly label: string;
    readonly type: string;
    readonly value?: string;
    readonly section?: { readonly id: string };
  }[];
  readonly [attribute: string]: unknown;
}

export interface Fixture {
  readonly store: OnePassword;
  readonly between: Between;
  /** Code and message of every warning. */
  readonly warnings: string[];
  /** The client with another token. */
  readonly as: (token: string) => OnePassword;
  /** The item as Connect itself shows it. */
  readonly item: () => Promise<ShownItem>;
  /** Somebody else's change. */
  readonly elsewhere: (...patch: readonly object[]) => Promise<void>;
}

export async function connectFixture(t: TestContext, item: Partial<ItemSeed> = {}): Promise<Fixture> {
  const lab = await startConnect({
    port: 0,
    data: folder(t),
    seed: {
      vaults: [
        {
          id: VAULT,
          name: "homelab",
          items: [
            { ...FULL, ...item },
            { title: "Twins" },
            { title: "Twins" },
            { title: 'Server\'s "own" (old)', fields: [{ label: "token", value: "quoted" }] },
            { id: ARCHIVED, title: "Old", state: "ARCHIVED", fields: [{ label: "token", value: "x" }] },
            { id: DELETED, title: "Gone", state: "DELETED", fields: [{ label: "token", value: "x" }] },
          ],
        },
        { name: "double" },
        { name: "double" },
        { name: "private" },
      ],
      tokens: [
        { token: "writer-token", vaults: { homelab: "write", double: "write" } },
        { token: "reader-token", vaults: { homelab: "read" } },
      ],
    },
  });
  t.after(() => lab.close());
  const between = await Between.start(lab.url);
  t.after(() => between.close());
  const warnings: string[] = [];
  const as = (token: string): OnePassword => {
    const reference: SecretReference = "env:CONNECT_TOKEN";
    return onePassword({ connectUrl: between.url, connectToken: reference }, () => Promise.resolve(new Secret(token)), {
      settleSeconds: 1,
      warn: (code, message) => warnings.push(`${code} ${message}`),
    });
  };
  const ask = async (init: RequestInit): Promise<ShownItem> => {
    const answer = await fetch(`${lab.url}/v1/vaults/${VAULT}/items/${ITEM}`, {
      ...init,
      headers: { authorization: "Bearer writer-token", "content-type": "application/json" },
    });
    if (answer.status !== 200) throw new Error(await answer.text());
    return (await answer.json()) as ShownItem;
  };
  return {
    store: as("writer-token"),
    between,
    warnings,
    as,
    item: () => ask({}),
    elsewhere: async (...patch) => {
      await ask({ method: "PATCH", body: JSON.stringify(patch) });
    },
  };
}
