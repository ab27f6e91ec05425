// npm run docs: writes the pages that are made from the source.
import { readFileSync, writeFileSync } from "node:fs";
import { documentSettings } from "../../settings/document.ts";
import { settingsJsonSchema } from "../../settings/jsonSchema.ts";
import { documentComponents } from "./componentTables.ts";
import { documentErrors } from "./errorPage.ts";
import { formatted } from "./format.ts";

const written = readFileSync(new URL("../components.md", import.meta.url), "utf8");

for (const [page, text] of Object.entries({
  "settings.md": documentSettings(),
  "errors.md": documentErrors(),
  "components.md": documentComponents(written),
})) {
  writeFileSync(new URL(`../${page}`, import.meta.url), await formatted(page, text));
}

writeFileSync(
  new URL("../settings.schema.json", import.meta.url),
  await formatted("settings.schema.json", JSON.stringify(settingsJsonSchema())),
);
