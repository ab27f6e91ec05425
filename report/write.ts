import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderJunit } from "./junit.ts";
import { renderMarkdown } from "./markdown.ts";
import { renderPage } from "./page/page.ts";
import type { Report } from "./report.ts";

/** Writes the report into a folder, as up.html, up.json, up.md and up.xml (JUnit) for an `up`. Each file is replaced at once: a web server may serve it. */
export async function writeReport(report: Report, folder: string): Promise<{ readonly page: string }> {
  const files = {
    json: `${JSON.stringify(report, null, 2)}\n`,
    md: renderMarkdown(report),
    xml: renderJunit(report),
    html: await renderPage(report),
  };
  mkdirSync(folder, { recursive: true });
  for (const [kind, text] of Object.entries(files)) {
    const file = join(folder, `${report.command}.${kind}`);
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, text);
    renameSync(draft, file);
  }
  return { page: join(folder, `${report.command}.html`) };
}
