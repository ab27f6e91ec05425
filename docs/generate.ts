// npm run docs: writes the pages that are made from the source.
import { writeFileSync } from "node:fs";
import { format } from "prettier";
import { documentSettings } from "../settings/document.ts";
import { documentErrors } from "./errorPage.ts";

for (const [page, text] of Object.entries({ "settings.md": documentSettings(), "errors.md": documentErrors() })) {
  writeFileSync(new URL(page, import.meta.url), await format(text, { parser: "markdown", printWidth: 120 }));
}
