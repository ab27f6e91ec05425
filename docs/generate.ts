// npm run docs: writes the pages that are made from the source.
import { writeFileSync } from "node:fs";
import { format } from "prettier";
import { documentSettings } from "../settings/document.ts";

writeFileSync(
  new URL("settings.md", import.meta.url),
  await format(documentSettings(), { parser: "markdown", printWidth: 120 }),
);
