import { createRequire } from "node:module";
import type * as Yaml from "yaml";

const require = createRequire(import.meta.url);
let loaded: typeof Yaml | undefined;

/** The YAML library, loaded at its first use: of its 72 files most previews need none in the provider, where loading them takes longer than all else that it does. */
export function yaml(): typeof Yaml {
  return (loaded ??= require("yaml") as typeof Yaml);
}
