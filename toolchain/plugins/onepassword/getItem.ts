import type { FunctionHandler, Value, Values } from "../../../provider/grpc/index.ts";
import type { Account, File, Item } from "./model.ts";

/** `getItem`: an item with its fields. `title` takes precedence over `uuid`; `vault` is an id or a name. */
export const getItem = (account: Account): FunctionHandler => ({
  call: async (args, { signal }) => {
    try {
      const item = await find(account, args, signal);
      return await resultOf(item, args, async (file) => account.fileContent(file, item, signal));
    } catch (error) {
      signal.throwIfAborted();
      throw new Error(`Unable to read item, got error: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  },
  secretOutputs: ["password", "credential", "noteValue", "privateKey", "sections", "files"],
});

async function find(account: Account, args: Values, signal: AbortSignal): Promise<Item> {
  const { title, uuid, vault } = args;
  if (typeof title === "string" && title !== "") return account.itemTitled(title, text(vault), signal);
  if (typeof uuid === "string" && uuid !== "") return account.item(uuid, text(vault), signal);
  throw new Error("uuid or title must be set");
}

/** Omits properties for which the item has no value. */
async function resultOf(item: Item, args: Values, contentOf: (file: File) => Promise<Buffer>): Promise<Values> {
  const { id, title, category, vault, tags = [], urls = [], sections = [], fields = [], files = [] } = item;
  const found: Record<string, Value> = {
    ...(args["noteValue"] === undefined ? {} : { noteValue: args["noteValue"] }),
    id: `vaults/${vault.id}/items/${id}`,
    uuid: id,
    vault: vault.id,
    title,
    category: category.toLowerCase(),
    tags,
  };
  const address = urls.find(({ primary }) => primary === true);
  if (address !== undefined) found["url"] = address.href;
  for (const { id: fieldId, label = "", purpose = "", section, value = "" } of fields) {
    const property = BY_PURPOSE[purpose] ?? (section === undefined ? BY_LABEL[label] : undefined);
    if (property !== undefined) found[property] = value;
    if (fieldId === "credential" && category === "API_CREDENTIAL") found["credential"] = value;
  }
  const described = async (file: File) => {
    const content = await contentOf(file);
    return { id: file.id, name: file.name, content: content.toString(), contentBase64: content.toString("base64") };
  };
  const filesIn = async (section?: string) =>
    Promise.all(files.filter((file) => file.section?.id === section).map(described));
  found["sections"] = await Promise.all(
    sections.map(async (section) => ({
      id: section.id,
      label: section.label ?? "",
      fields: fields
        .filter((field) => field.section?.id === section.id)
        .map(({ id: fieldId, label = "", purpose = "", type = "", value = "" }) => ({
          id: fieldId,
          label,
          purpose,
          type,
          value,
        })),
      files: await filesIn(section.id),
    })),
  );
  found["files"] = await filesIn();
  return found;
}

const BY_PURPOSE: Readonly<Record<string, string>> = { USERNAME: "username", PASSWORD: "password", NOTES: "noteValue" };

const BY_LABEL: Readonly<Record<string, string>> = {
  username: "username",
  password: "password",
  hostname: "hostname",
  server: "hostname",
  database: "database",
  port: "port",
  type: "type",
  "public key": "publicKey",
  "private key": "privateKey",
};

function text(value: Value | undefined): string {
  return typeof value === "string" ? value : "";
}
