import type { SettingsProblem } from "../core/settings/problem.ts";
import { mayBeSameField } from "../core/secrets/reference.ts";
import type { Settings } from "./schema.ts";

/** Secrets that CI's key would overwrite: `up` writes to `ci.keyStore`, and only reads every other reference. */
export function* keyStoreProblems(settings: Settings): Generator<SettingsProblem> {
  const { keyStore } = settings.ci;
  for (const [path, text] of textsOf(settings)) {
    if (path === "ci.keyStore" || !mayBeSameField(keyStore, text)) continue;
    const as = text === keyStore ? "" : ` as "${text}"`;
    yield {
      path: "ci.keyStore",
      message: `got "${keyStore}", the field that ${path} names too${as}: \`up\` would overwrite the secret there with CI's key. Use a field of its own.`,
    };
  }
}

/** Every text in the settings with its path, so that a new setting with a reference is covered. */
function* textsOf(value: unknown, path: readonly string[] = []): Generator<readonly [string, string]> {
  if (typeof value === "string") yield [path.join("."), value];
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) yield* textsOf(inner, [...path, key]);
}
