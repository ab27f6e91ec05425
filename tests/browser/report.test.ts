// The report as people see it: on a phone and on a screen, in light and in dark, without scripts and without a network.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { inflateSync } from "node:zlib";
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

test("printed, nothing is cut off or hidden, and the page is light even in dark mode", { skip }, async () => {
  const green = REPORT.steps.filter(({ state }) => state !== "failed" && state !== "differs");
  const { page: calm } = await writeReport({ ...REPORT, command: "report", steps: green }, folder);
  // A4 between the margins, in CSS pixels.
  const width = Math.floor(((210 - 2 * 15) / 25.4) * 96);
  const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme: "dark" });
  const tab = await context.newPage();
  for (const file of [page, calm]) {
    await tab.goto(pathToFileURL(file).href);
    const dark = await tab.evaluate("getComputedStyle(document.body).color");
    await tab.emulateMedia({ media: "print", colorScheme: "dark" });
    assert.notEqual(await tab.evaluate("getComputedStyle(document.body).color"), dark);
    const beyond = await tab.evaluate<readonly string[]>(`
      [...document.querySelectorAll("body *:not(style)")]
        .filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ""))
        .map((element) => [element.textContent, element.getBoundingClientRect()])
        .filter(([, { left, right, height }]) => height > 0 && (left < 0 || right > ${width}))
        .map(([text, { left, right }]) => text + " " + left + " " + right)`);
    assert.deepEqual(beyond, []);
    // Nobody opens a list on paper.
    await tab.getByRole("row", { name: /^preflight t:a:A/ }).waitFor({ state: "visible" });
    await tab.emulateMedia({ media: "screen" });
  }
  await context.close();
});

test("a printed page has margins, and the colours that tell passed from failed", { skip }, async () => {
  const tab = await browser.newPage({ colorScheme: "dark" });
  await tab.goto(pathToFileURL(page).href);
  await tab.emulateMedia({ media: "print" });
  const colours = await tab.evaluate<Readonly<Record<string, string>>>(`Object.fromEntries(
    ["li.passed", ".verdict.failed", "td.passed", "tr.wrong", ".warning", ".may", ".life .rotating"].map((at) => {
      const style = getComputedStyle(document.querySelector(at));
      return [at, at.startsWith(".life") ? style.fill : style.backgroundColor];
    }))`);
  const pages = contentOf(await tab.pdf({ format: "A4" }));
  const [, scale = "", left = ""] =
    /^(\.\d+) 0 0 -[\d.]+ \S+ \S+ cm\nq\n\S+ \S+ \S+ \S+ ([\d.]+) \S+ cm/.exec(pages) ?? [];
  assert.ok(Number(scale) * Number(left) > 28, `a centimetre at least, in points: ${pages.slice(0, 80)}`);
  const painted = [...pages.matchAll(/([\d.]+) ([\d.]+) ([\d.]+) rg/g)].map((parts) => parts.slice(1).map(Number));
  for (const [at, colour] of Object.entries(colours)) {
    const wanted = [...colour.matchAll(/\d+/g)].slice(0, 3).map(([part]) => Number(part) / 255);
    const isWanted = (parts: readonly number[]): boolean =>
      parts.every((part, index) => Math.abs(part - (wanted[index] ?? 2)) < 0.003);
    assert.ok(painted.some(isWanted), `${at}: ${colour} is not on paper`);
  }
  assert.notEqual(colours["td.passed"], colours["tr.wrong"]);
  await tab.close();
});

/** What a PDF's pages draw. */
function contentOf(pdf: Buffer): string {
  const drawn: string[] = [];
  for (let at = pdf.indexOf("stream"); at >= 0; at = pdf.indexOf("stream", at)) {
    const begin = pdf.indexOf("\n", at) + 1;
    const end = pdf.indexOf("endstream", begin);
    if (end < 0) break;
    at = end + "endstream".length;
    if (pdf[begin] !== 0x78) continue;
    const text = inflateSync(pdf.subarray(begin, end)).toString("latin1");
    // Not a font, or the like.
    if (text.includes(" rg\n")) drawn.push(text);
  }
  return drawn.join("\n");
}

test("JUnit is well-formed XML", { skip }, async () => {
  const tab = await browser.newPage();
  const xml = readFileSync(join(folder, "up.xml"), "utf8");
  const parse = `new DOMParser().parseFromString(${JSON.stringify(xml)}, "application/xml")`;
  assert.equal(await tab.evaluate(`${parse}.querySelectorAll("parsererror").length`), 0);
  assert.equal(await tab.evaluate(`${parse}.querySelectorAll("testcase").length`), 12);
  await tab.close();
});
