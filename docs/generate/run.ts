// npm run docs: writes the pages that are made from the source.
import { readFileSync, writeFileSync } from "node:fs";
import { documentSettings } from "../../settings/documentation/document.ts";
import { settingsJsonSchema } from "../../settings/documentation/jsonSchema.ts";
import { documentComponents } from "./componentTables.ts";
import { buildDashboard } from "./dashboard.ts";
import { documentErrors } from "./errorPage.ts";
import { formatted } from "./format.ts";
import { documentOutputs, outputsJsonSchema } from "./outputsTable.ts";

const written = (page: string): string => readFileSync(new URL(`../${page}`, import.meta.url), "utf8");

for (const [page, text] of Object.entries({
  "reference/settings.md": documentSettings(),
  "reference/errors.md": documentErrors(),
  "reference/components.md": documentComponents(written("reference/components.md")),
  "reference/outputs.md": documentOutputs(written("reference/outputs.md")),
})) {
  writeFileSync(new URL(`../${page}`, import.meta.url), await formatted(page, text));
}

for (const [name, schema] of Object.entries({
  "reference/settings.schema.json": settingsJsonSchema(),
  "reference/outputs.schema.json": outputsJsonSchema(),
})) {
  writeFileSync(new URL(`../${name}`, import.meta.url), await formatted(name, JSON.stringify(schema)));
}

writeFileSync(
  new URL("../../ci/grafana/zot-auth.json", import.meta.url),
  await formatted("zot-auth.json", JSON.stringify(buildDashboard())),
);
