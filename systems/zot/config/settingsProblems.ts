import { toSeconds } from "../../../core/time/duration.ts";
import type { SettingsProblem } from "../../../core/settings/problem.ts";
import type { ZotSettings } from "./settings.ts";

/** The shortest update interval of Trivy's database. */
const SHORTEST_CVE_INTERVAL = 2 * 3600;

/** Combinations that zot rejects or silently corrects. */
export function* zotProblems({ ui, search }: Pick<ZotSettings, "ui" | "search">): Generator<SettingsProblem> {
  if (ui && !search.enable) {
    yield {
      path: "zot.ui",
      message: "got true; must be false when zot.search.enable is false, because the web page needs search.",
    };
  }
  if (search.cve && toSeconds(search.cveUpdateInterval) < SHORTEST_CVE_INTERVAL) {
    yield {
      path: "zot.search.cveUpdateInterval",
      message: `got "${search.cveUpdateInterval}"; must be "2 hours" or longer.`,
    };
  }
}
