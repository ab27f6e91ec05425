import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { at, list, string } from "../../core/json.ts";
import { describeRow } from "../../core/proofRow.ts";
import type { ProofRow } from "../../core/proofRow.ts";
import { serverUrl } from "../../core/settings/types.ts";
import { ARGOCD, AUTHENTIK, CONNECT, FORGEJO, ZOT, healthOf } from "../../systems/services/health.ts";
import { zotIsDown } from "./zotAnswers.ts";

/** What to say of the servers that do not work: the preview would fail at each resource of theirs, each with an error of its own. */
export interface ServersDown {
  /** A sentence for each that the settings name. */
  readonly needed: readonly string[];
  /** A sentence for each that they named at the last update, and no longer name. */
  readonly former: readonly string[];
}

/** The settings that hold the addresses. */
const SETTINGS: Readonly<Record<string, readonly [group: string, name: string]>> = {
  [ZOT]: ["registry", "url"],
  [AUTHENTIK]: ["authentik", "url"],
  [FORGEJO]: ["forgejo", "url"],
  [ARGOCD]: ["argocd", "url"],
  [CONNECT]: ["onePassword", "connectUrl"],
};

/**
 * Asks the servers of the last update how they are.
 *
 * @param state what `pulumi stack export` prints; that of a release that did not look at servers names none but zot
 * @param registryUrl the stack's output
 * @param settingsFile shows which addresses have changed since
 */
export async function serversDown(state: unknown, registryUrl: string, settingsFile: string): Promise<ServersDown> {
  const settings = settingsIn(settingsFile);
  const zot = await zotIsDown(registryUrl, settingsFile);
  const zotMoved = movedTo(settings, ZOT, registryUrl);
  // Of zot alone: nothing works without it.
  if (zot !== undefined && zotMoved === undefined) return { needed: [zot], former: [] };
  const former =
    zot === undefined || zotMoved === undefined ? [] : [`zot does not serve at ${registryUrl}. ${zotMoved}`];
  const needed: string[] = [];
  for (const { url, ...row } of await othersDown(state)) {
    const moved = movedTo(settings, row.name, url);
    if (moved === undefined) needed.push(describeRow(row));
    else former.push(`${row.name}: ${row.measured} at ${url}. ${moved}`);
  }
  return { needed, former };
}

interface Down extends ProofRow {
  readonly url: string;
}

async function othersDown(state: unknown): Promise<readonly Down[]> {
  const resource = list(at(state, "deployment", "resources")).find(
    (candidate) => at(candidate, "type") === "zot-auth:acceptance:Services",
  );
  if (resource === undefined) return [];
  const address = (...path: readonly string[]): string | undefined => {
    const url = string(at(resource, "inputs", ...path));
    return url === "" ? undefined : url;
  };
  const registryUrl = address("registryUrl");
  const authentikUrl = address("authentik", "authentikUrl");
  const forgejoUrl = address("forgejo", "forgejoUrl");
  if (registryUrl === undefined || authentikUrl === undefined || forgejoUrl === undefined) return [];
  const [argocdUrl, connectUrl] = [address("argocd", "argocdUrl"), address("connectUrl")];
  const urls: Readonly<Record<string, string | undefined>> = {
    [AUTHENTIK]: authentikUrl,
    [FORGEJO]: forgejoUrl,
    [ARGOCD]: argocdUrl,
    [CONNECT]: connectUrl,
  };
  const rows = await healthOf({ registryUrl, authentikUrl, forgejoUrl, argocdUrl, connectUrl });
  return rows.flatMap((row) => {
    const url = urls[row.name];
    return url === undefined || row.outcome !== "failed" ? [] : [{ ...row, url }];
  });
}

/** What to say of an address that the settings no longer have; `undefined` if they have it, or cannot be read. */
function movedTo(settings: unknown, server: string, url: string): string | undefined {
  const [group = "", name = ""] = SETTINGS[server] ?? [];
  if (settings === undefined) return undefined;
  const now = serverUrl.safeParse(at(settings, `zot-auth:${group}`, name));
  const setting = `${group}.${name}`;
  if (!now.success) {
    return at(settings, `zot-auth:${group}`, name) === undefined
      ? `That was ${setting} as of the last update; it is no longer set.`
      : undefined;
  }
  return now.data === url ? undefined : `That was ${setting} as of the last update; it is ${now.data} now.`;
}

/** The settings as they are written: as a whole they may be invalid by now. `undefined` if the file cannot be read. */
function settingsIn(file: string): unknown {
  try {
    return at(parse(readFileSync(file, "utf8")), "config");
  } catch {
    // The preview says why.
    return undefined;
  }
}
