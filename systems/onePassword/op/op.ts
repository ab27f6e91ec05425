import { ZotAuthError } from "../../../core/errors.ts";
import type { SecretReference } from "../../../core/secrets/reference.ts";
import { Secret } from "../../../core/secrets/secret.ts";
import { assertToken } from "../backend.ts";
import type { Backend, Change, Outcome } from "../backend.ts";
import { archived } from "../item/field.ts";
import { readItem } from "../item/item.ts";
import type { Item } from "../item/item.ts";
import { opError, opItemMissing } from "./opErrors.ts";
import { runOp } from "./opProcess.ts";
import { assertOpUnderstands, isId } from "../item/place.ts";
import type { Place } from "../item/place.ts";
import { assertFitsTemplate, withField } from "./template.ts";

export interface OpOptions {
  /** Sign-in address or id. */
  readonly account: string | undefined;
  readonly serviceAccountToken: SecretReference | undefined;
  readonly resolve: (reference: SecretReference) => Promise<Secret>;
  /** For one run of `op`. It may have to wait for a fingerprint. */
  readonly timeoutSeconds: number;
}

/**
 * 1Password's own command line client, with the desktop app or a service account.
 *
 * It changes a field as 1Password's documentation advises for secrets: the item as JSON, with the one value changed, goes to the standard
 * input of `op item edit`. That replaces the whole item, so it refuses an item that does not fit into such a template completely.
 */
export class OpCli implements Backend {
  readonly name = "op";
  readonly replacesItem = true;
  readonly #options: OpOptions;

  constructor(options: OpOptions) {
    this.#options = options;
  }

  async item(place: Place, signal: AbortSignal): Promise<Item> {
    assertOpUnderstands(place);
    const item = await this.#get(place, [], signal);
    if (item !== undefined) return item;
    // Unless asked for the archive, op reports an archived item as missing.
    const inArchive = await this.#get(place, ["--include-archive"], signal);
    throw inArchive === undefined ? opItemMissing(place) : archived(place, "archived");
  }

  assertKeepsRest(item: Item, place: Place): void {
    assertFitsTemplate(item, place);
  }

  async write(before: Item, change: Change, place: Place, signal: AbortSignal): Promise<Outcome> {
    const template = new Secret(JSON.stringify(withField(before, change)));
    try {
      await this.#op(
        ["item", "edit", `--vault=${before.vaultId}`, "--format=json"],
        before.id,
        { place, secrets: [change.value], input: template },
        signal,
      );
    } catch (error) {
      if (error instanceof ZotAuthError && UNSURE.includes(error.code)) return { kind: "unsure", error };
      throw error;
    }
    return { kind: "written" };
  }

  /** `undefined` if the item does not exist. */
  async #get(place: Place, options: readonly string[], signal: AbortSignal): Promise<Item | undefined> {
    const command = ["item", "get", `--vault=${place.vault}`, "--format=json", "--reveal", ...options];
    let output: string;
    try {
      output = await this.#op(command, place.item, { place, secrets: [] }, signal);
    } catch (error) {
      if (error instanceof ZotAuthError && error.code === "ONEPASSWORD_ITEM_MISSING") return undefined;
      throw error;
    }
    const item = parse(output, place);
    // op also finds items by the domain of their URL, which a reference never means.
    const wanted = isId(place.item) ? item.id : item.title;
    return wanted.toLowerCase() === place.item.toLowerCase() ? item : undefined;
  }

  async #op(
    command: readonly string[],
    item: string,
    run: { readonly place: Place; readonly secrets: readonly Secret[]; readonly input?: Secret },
    signal: AbortSignal,
  ): Promise<string> {
    const { account, serviceAccountToken, resolve, timeoutSeconds } = this.#options;
    const { place, secrets, input } = run;
    const token = serviceAccountToken === undefined ? undefined : await resolve(serviceAccountToken);
    if (token !== undefined) assertToken(token, "onePassword.serviceAccountToken", serviceAccountToken ?? "");
    // A service account is an account by itself.
    const as = token === undefined && account !== undefined ? [`--account=${account}`] : [];
    const { code, stdout, stderr } = await runOp({
      args: [...command, ...as, "--", item],
      ...(input === undefined ? {} : { input }),
      serviceAccountToken: token,
      timeoutSeconds,
      signal,
    });
    if (code === 0) return stdout;
    throw opError({
      place,
      writing: input !== undefined,
      stderr,
      secrets: token === undefined ? secrets : [...secrets, token],
      account,
      serviceAccountToken,
    });
  }
}

/** After these, `op` may or may not have written. */
const UNSURE = ["ONEPASSWORD_OP_TIMED_OUT", "ONEPASSWORD_UNREACHABLE", "ONEPASSWORD_OP_FAILED"];

function parse(output: string, { reference }: Place): Item {
  let json: unknown;
  try {
    json = JSON.parse(output);
  } catch {
    json = undefined; // reported below, without the parser's message, which would show the output
  }
  const item = readItem(json);
  if (item !== undefined) return item;
  throw new ZotAuthError(
    "ONEPASSWORD_OP_OUTDATED",
    `op does not return ${reference} as JSON. Update op to 2.30 or later.`,
  );
}
