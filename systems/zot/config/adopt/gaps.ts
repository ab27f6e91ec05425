import type { JsonObject } from "../../../../core/json.ts";
import { twinsIn } from "../extra.ts";
import type { NotKept } from "./context.ts";
import { textAt } from "./settings/read.ts";

/** Settings that a config does not determine, or determines twice. */
export function* gapsIn(config: JsonObject): Generator<NotKept> {
  yield* relativePaths(config);
  yield* twins(config);
}

/** Paths that the settings must know as absolute ones. */
function* relativePaths(config: JsonObject): Generator<NotKept> {
  for (const [path, setting] of [
    ["storage.rootDirectory", "registry.dataDirectory"],
    ["http.auth.openid.providers.oidc.credentialsFile", "registry.credentialsFile"],
  ] as const) {
    const value = textAt(config, ...path.split("."));
    if (value === undefined || value.startsWith("/")) continue;
    yield {
      path,
      reason: `"${value}" depends on the folder that zot is started in. Write the absolute path into ${setting}: with another folder, zot would not find what is there.`,
    };
  }
}

/** Keys that differ only in case. */
function* twins(config: JsonObject): Generator<NotKept> {
  for (const { path, first } of twinsIn(config))
    yield {
      path: path.join("."),
      reason: `is the same key as ${first} to zot, which takes either at random. The first is kept.`,
    };
}
