import type { FunctionHandler, Values } from "../../../provider/grpc/index.ts";
import type { Account, Vault } from "./model.ts";

/** `getVault`: a vault by id or name; the id takes precedence. */
export const getVault = (account: Account): FunctionHandler => ({
  call: async (args, { signal }) => {
    const { id, name, description = "" } = await find(account, args, signal);
    return { id: `vaults/${id}`, uuid: id, name, description };
  },
});

async function find(account: Account, { uuid, name }: Values, signal: AbortSignal): Promise<Vault> {
  const unreadable = (error: unknown): never => {
    signal.throwIfAborted();
    throw new Error(`Unable to read vault, got error: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  };
  if (typeof uuid === "string" && uuid !== "") return account.vault(uuid, signal).catch(unreadable);
  if (typeof name !== "string" || name === "") throw new Error("uuid or name must be set");
  const vaults = await account.vaultsNamed(name, signal).catch(unreadable);
  const [vault] = vaults;
  if (vault === undefined) throw new Error(`No vault found with name '${name}'`);
  if (vaults.length > 1) throw new Error(`Multiple vaults found with name '${name}'`);
  // Vaults in a list from `op` have no description.
  return account.vault(vault.id, signal).catch(unreadable);
}
