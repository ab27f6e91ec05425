import type { SettingsProblem } from "../../core/settings/problem.ts";
import { mayBeSameField } from "../../core/secrets/reference.ts";
import { accountSettings } from "./accountSettings.ts";
import type { Settings } from "../schema.ts";

/** Secrets that CI's keys would overwrite: `up` writes to the fields of the accounts, and only reads every other reference. */
export function* keyStoreProblems(settings: Settings): Generator<SettingsProblem> {
  const { accounts, jobAccounts: _withoutKeys, ...others } = settings;
  for (const [id, { keyStores }] of Object.entries(accounts)) {
    const setting = accountSettings(id, settings).keyStore;
    for (const store of keyStores) {
      for (const [path, text] of textsOf(others)) {
        if (!mayBeSameField(store, text)) continue;
        const as = text === store ? "" : ` as "${text}"`;
        yield {
          path: setting,
          message: `got "${store}", the field that ${path} names too${as}: \`up\` would overwrite the secret there with CI's key. Use a field of its own.`,
        };
      }
    }
  }
}

/** Every text in the settings with its path, so that a new setting with a reference is covered. */
function* textsOf(value: unknown, path: readonly string[] = []): Generator<readonly [string, string]> {
  if (typeof value === "string") yield [path.join("."), value];
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) yield* textsOf(inner, [...path, key]);
}
