import { spawn } from "node:child_process";
import { parseReference } from "../../domain/secretReference.ts";
import type { SecretReference } from "../../domain/secretReference.ts";
import { ZotAuthError } from "../../domain/errors.ts";
import type { OnePasswordConnection } from "../configuration.ts";
import { at, list, request, string, unexpected } from "./http.ts";
import type { Answer, Endpoint } from "./http.ts";
import { Secret } from "./secret.ts";

/** Reading and writing single fields of existing 1Password items. Nothing else of an item is ever touched. */
export interface OnePassword {
  read(reference: SecretReference, signal?: AbortSignal): Promise<Secret>;
  /** Writes the field; makes it, concealed, when the item has none of that name. */
  write(reference: SecretReference, value: Secret, signal?: AbortSignal): Promise<void>;
  /** Whether the item exists; says what is wrong otherwise. The field itself may be missing. */
  assertItem(reference: SecretReference, signal?: AbortSignal): Promise<void>;
  /** Empties the field. A field that is not there is as good. */
  blank(reference: SecretReference, signal?: AbortSignal): Promise<void>;
}

/** 1Password as the settings say: through Connect, or through `op`. */
export function onePassword(
  connection: OnePasswordConnection,
  resolve: (reference: SecretReference) => Promise<Secret>,
): OnePassword {
  return connection.connectUrl === undefined || connection.connectToken === undefined
    ? new OpCli(connection, resolve)
    : new Connect(connection.connectUrl, connection.connectToken, resolve);
}

interface Field {
  readonly id: string;
  readonly value: string;
}

/** 1Password Connect's REST API. A field is changed by PATCH, by its id, so that the rest of the item cannot be lost. */
class Connect implements OnePassword {
  readonly #endpoint: Endpoint;
  readonly #token: SecretReference;
  readonly #resolve: (reference: SecretReference) => Promise<Secret>;

  constructor(url: string, token: SecretReference, resolve: (reference: SecretReference) => Promise<Secret>) {
    this.#endpoint = { name: "1Password Connect", url, setting: "onePassword.connectUrl" };
    this.#token = token;
    this.#resolve = resolve;
  }

  async read(reference: SecretReference, signal?: AbortSignal): Promise<Secret> {
    const { item, name } = await this.#find(reference, signal);
    const field = fieldOf(item, name);
    if (field === undefined || field.value === "")
      throw noField(
        reference,
        name,
        list(at(item, "fields")).map((entry) => string(at(entry, "label"))),
      );
    return new Secret(field.value);
  }

  async write(reference: SecretReference, value: Secret, signal?: AbortSignal): Promise<void> {
    const { item, path, name } = await this.#find(reference, signal);
    const field = fieldOf(item, name);
    const patch =
      field === undefined
        ? { op: "add", path: "/fields", value: { label: name, type: "CONCEALED", value: value.reveal() } }
        : { op: "replace", path: `/fields/${field.id}/value`, value: value.reveal() };
    await this.#patch(path, patch, reference, signal);
    const stored = await this.read(reference, signal);
    if (stored.fingerprint !== value.fingerprint) {
      throw new ZotAuthError(
        "ONEPASSWORD_NOT_STORED",
        `1Password Connect took a value for ${reference} but gives another one back. See whether something else writes that field, and run again.`,
      );
    }
  }

  async assertItem(reference: SecretReference, signal?: AbortSignal): Promise<void> {
    await this.#find(reference, signal);
  }

  async blank(reference: SecretReference, signal?: AbortSignal): Promise<void> {
    const { item, path, name } = await this.#find(reference, signal);
    const field = fieldOf(item, name);
    if (field === undefined || field.value === "") return;
    await this.#patch(path, { op: "replace", path: `/fields/${field.id}/value`, value: "" }, reference, signal);
  }

  async #patch(path: string, patch: object, reference: SecretReference, signal?: AbortSignal): Promise<void> {
    const answer = await this.#request(path, signal, { method: "PATCH", json: [patch] });
    if (answer.status === 401 || answer.status === 403) {
      throw new ZotAuthError(
        "ONEPASSWORD_READ_ONLY",
        `The token of onePassword.connectToken may not write ${reference} (${answer.status}). Give it write access to that vault.`,
      );
    }
    if (answer.status !== 200) throw unexpected(this.#endpoint, `write ${reference}`, answer);
  }

  async #find(
    reference: SecretReference,
    signal?: AbortSignal,
  ): Promise<{ item: unknown; path: string; name: string }> {
    const { vault, item, field } = opParts(reference);
    const vaults = await this.#list("/v1/vaults", signal);
    const vaultId = idByName(vaults, vault, "name");
    if (vaultId === undefined) {
      throw new ZotAuthError(
        "ONEPASSWORD_VAULT_UNKNOWN",
        `1Password Connect knows no vault "${vault}" (from ${reference}). Check its name or id, and that the token of onePassword.connectToken may see it.`,
      );
    }
    const items = await this.#list(`/v1/vaults/${vaultId}/items`, signal);
    const itemId = idByName(items, item, "title");
    if (itemId === undefined) {
      const twice = items.filter((entry) => at(entry, "title") === item).length > 1;
      throw new ZotAuthError(
        twice ? "ONEPASSWORD_ITEM_AMBIGUOUS" : "ONEPASSWORD_ITEM_MISSING",
        twice
          ? `The 1Password vault "${vault}" holds several items with the title "${item}" (from ${reference}). Use the item's id in the reference.`
          : `The 1Password vault "${vault}" holds no item "${item}" (from ${reference}). Make the item, or correct the reference.`,
      );
    }
    const path = `/v1/vaults/${vaultId}/items/${itemId}`;
    const answer = await this.#request(path, signal);
    if (answer.status !== 200) throw unexpected(this.#endpoint, `read the item of ${reference}`, answer);
    return { item: answer.json, path, name: field };
  }

  async #list(path: string, signal?: AbortSignal): Promise<readonly unknown[]> {
    const answer = await this.#request(path, signal);
    if (answer.status !== 200) throw unexpected(this.#endpoint, "list vaults and items", answer);
    return list(answer.json);
  }

  async #request(
    path: string,
    signal: AbortSignal | undefined,
    options: { method?: "PATCH"; json?: unknown } = {},
  ): Promise<Answer> {
    const token = await this.#resolve(this.#token);
    const answer = await request(this.#endpoint, path, {
      ...options,
      signal,
      headers: { authorization: new Secret(`Bearer ${token.reveal()}`) },
    });
    if (answer.status === 401 && options.method === undefined) {
      throw new ZotAuthError(
        "ONEPASSWORD_TOKEN_REFUSED",
        `1Password Connect refuses the token of onePassword.connectToken (${this.#token}). Make a new token and put it there.`,
      );
    }
    return answer;
  }
}

/** 1Password's own command line client, with the desktop app or a service account. Values travel on standard input and output only. */
class OpCli implements OnePassword {
  readonly #connection: OnePasswordConnection;
  readonly #resolve: (reference: SecretReference) => Promise<Secret>;

  constructor(connection: OnePasswordConnection, resolve: (reference: SecretReference) => Promise<Secret>) {
    this.#connection = connection;
    this.#resolve = resolve;
  }

  async read(reference: SecretReference, signal?: AbortSignal): Promise<Secret> {
    const { field } = opParts(reference);
    const item = await this.#item(reference, signal);
    const found = fieldOf(item, field);
    if (found === undefined || found.value === "")
      throw noField(
        reference,
        field,
        list(at(item, "fields")).map((entry) => string(at(entry, "label"))),
      );
    return new Secret(found.value);
  }

  async write(reference: SecretReference, value: Secret, signal?: AbortSignal): Promise<void> {
    const { vault, item, field } = opParts(reference);
    // `=-`: op reads the value from standard input, so that it stands in no process list.
    await this.#op(
      reference,
      ["item", "edit", item, "--vault", vault, `${field.replace(/([.=\\])/g, "\\$1")}[password]=-`],
      value.reveal(),
      signal,
    );
    const stored = await this.read(reference, signal);
    if (stored.fingerprint !== value.fingerprint) {
      throw new ZotAuthError(
        "ONEPASSWORD_NOT_STORED",
        `op took a value for ${reference} but gives another one back. Update op to 2.x and run again.`,
      );
    }
  }

  async assertItem(reference: SecretReference, signal?: AbortSignal): Promise<void> {
    await this.#item(reference, signal);
  }

  async blank(reference: SecretReference, signal?: AbortSignal): Promise<void> {
    const { vault, item, field } = opParts(reference);
    if (fieldOf(await this.#item(reference, signal), field) === undefined) return;
    await this.#op(reference, ["item", "edit", item, "--vault", vault, `${field}[delete]`], "", signal);
  }

  async #item(reference: SecretReference, signal?: AbortSignal): Promise<unknown> {
    const { vault, item } = opParts(reference);
    return JSON.parse(
      await this.#op(reference, ["item", "get", item, "--vault", vault, "--format", "json", "--reveal"], "", signal),
    ) as unknown;
  }

  async #op(reference: SecretReference, args: readonly string[], input: string, signal?: AbortSignal): Promise<string> {
    const { account, serviceAccountToken } = this.#connection;
    const token = serviceAccountToken === undefined ? undefined : await this.#resolve(serviceAccountToken);
    const child = spawn("op", [...args, ...(account === undefined ? [] : ["--account", account])], {
      env: { ...process.env, ...(token === undefined ? {} : { OP_SERVICE_ACCOUNT_TOKEN: token.reveal() }) },
      stdio: ["pipe", "pipe", "pipe"],
      ...(signal === undefined ? {} : { signal }),
    });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
    child.stdin.on("error", () => undefined); // op may end without reading; its exit code tells what happened
    child.stdin.end(input);
    const code = await new Promise<number | null>((done, fail) => {
      child.once("error", (error: NodeJS.ErrnoException) => {
        fail(
          error.code === "ENOENT"
            ? new ZotAuthError(
                "ONEPASSWORD_OP_MISSING",
                `${reference} needs 1Password's CLI \`op\`, which is not on PATH. Install it, or set onePassword.connectUrl.`,
              )
            : error,
        );
      });
      child.once("close", done);
    });
    if (code === 0) return Buffer.concat(output).toString("utf8");
    const said = Buffer.concat(errors).toString("utf8").trim().split("\n").at(-1) ?? "";
    throw new ZotAuthError(
      "ONEPASSWORD_OP_FAILED",
      `op could not open ${reference}: ${said}. Sign in to op, and check the vault, item and field.`,
    );
  }
}

function opParts(reference: SecretReference): { vault: string; item: string; field: string } {
  const parsed = parseReference(reference);
  if (parsed?.kind !== "op") throw new TypeError(`${reference} is no 1Password reference`);
  return parsed;
}

/** The field with that label or id, outside or inside a section. */
function fieldOf(item: unknown, name: string): Field | undefined {
  const fields = list(at(item, "fields"));
  const found = fields.find((field) => at(field, "label") === name) ?? fields.find((field) => at(field, "id") === name);
  return found === undefined ? undefined : { id: string(at(found, "id")), value: string(at(found, "value")) };
}

/** The id of the one entry with that id or that name; `undefined` when there is none or more than one. */
function idByName(entries: readonly unknown[], wanted: string, key: "name" | "title"): string | undefined {
  const byId = entries.find((entry) => at(entry, "id") === wanted);
  const byName = entries.filter((entry) => at(entry, key) === wanted);
  const found = byId ?? (byName.length === 1 ? byName[0] : undefined);
  return found === undefined ? undefined : string(at(found, "id"));
}

function noField(reference: SecretReference, name: string, known: readonly string[]): ZotAuthError {
  return new ZotAuthError(
    "ONEPASSWORD_FIELD_MISSING",
    `The 1Password item of ${reference} has no field "${name}" with a value (it has: ${known.filter((label) => label !== "").join(", ")}). Add the field, or correct the reference.`,
  );
}
