// node docs/generate/screenshot.ts: takes the README's picture of a report, from the last `npm start`. `npm run record` runs it.
import { fileURLToPath, pathToFileURL } from "node:url";
import { launch } from "../../tests/browser/chromium.ts";

const ROOT = new URL("../../", import.meta.url);
const page = fileURLToPath(new URL("reports/lab/up.html", ROOT));
const picture = fileURLToPath(new URL("docs/images/report.png", ROOT));

const browser = await launch();
const tab = await browser.newPage({ viewport: { width: 1024, height: 1180 }, colorScheme: "light" });
await tab.goto(pathToFileURL(page).href);
await tab.screenshot({ path: picture });
await browser.close();
console.log(picture);
