// The report as people see it: on a phone and on a screen, in light and in dark, without scripts and without a network.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import type { AxeResults } from "axe-core";
import type { Browser } from "playwright-core";
import { writeReport } from "../../report/write.ts";
import { REPORT } from "../report/lab.ts";
import { launch, skip } from "./chromium.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "zot-auth-report-"));
let browser: Browser;
let page: string;

before(async () => {
  ({ page } = await writeReport(REPORT, folder));
  if (skip === false) browser = await launch();
});
after(async () => {
  if (skip === false) await browser.close();
  rmSync(folder, { recursive: true });
});

for (const width of [360, 1280]) {
  for (const colorScheme of ["light", "dark"] as const) {
    test(
      `${width} pixels, ${colorScheme}: axe finds nothing, and nothing is wider than the page`,
      { skip },
      async () => {
        const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
        const asked: string[] = [];
        const tab = await context.newPage();
        tab.on("request", (request) => asked.push(request.url()));
        await tab.goto(pathToFileURL(page).href);
        await tab.locator("summary").scrollIntoViewIfNeeded();
        await tab.evaluate(AXE);
        const { violations, passes } = await tab.evaluate<AxeResults>("axe.run()");
        assert.deepEqual(
          violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`),
          [],
        );
        assert.ok(passes.some(({ id }) => id === "color-contrast"));
        assert.equal(await tab.evaluate("document.documentElement.scrollWidth"), width);
        assert.deepEqual(asked, [pathToFileURL(page).href], "it asks for nothing");
        await context.close();
      },
    );
  }
}

test("without scripts it is whole: each row, step and finding can be read, as text", { skip }, async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const tab = await context.newPage();
  await tab.goto(pathToFileURL(page).href);
  assert.equal(await tab.locator("script").count(), 0);
  await tab.getByText("<script>alert(1)</script>").waitFor();
  await tab.getByRole("row", { name: "ci list tags private/<app> 403 refused 200 allowed ✗ failed" }).waitFor();
  await tab.getByRole("img", { name: /^From 2026-11-01 00:00 UTC to 2027-01-30.*now 4\d %/ }).waitFor();
  await tab.getByRole("row", { name: /^zot-<key> t:c:C ✗ failed 70 s$/ }).waitFor();
  assert.equal(await tab.locator("svg .node").count(), REPORT.steps.length);
  await context.close();
});

test("JUnit is well-formed XML", { skip }, async () => {
  const tab = await browser.newPage();
  const xml = readFileSync(join(folder, "up.xml"), "utf8");
  const parse = `new DOMParser().parseFromString(${JSON.stringify(xml)}, "application/xml")`;
  assert.equal(await tab.evaluate(`${parse}.querySelectorAll("parsererror").length`), 0);
  assert.equal(await tab.evaluate(`${parse}.querySelectorAll("testcase").length`), 12);
  await tab.close();
});
