import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { messageOf } from "../../core/errors.ts";
import { Unreachable, isUnavailable, request } from "../../core/http/http.ts";
import { at } from "../../core/json.ts";

/** Seconds for which a restarting zot is waited for. */
const RESTART_SECONDS = 5;

/**
 * What to say if the registry does not answer: every other check would fail because of it, each with an error of its own.
 *
 * @param url the stack's output `registryUrl`
 * @param settingsFile has where zot runs and how it is restarted
 * @returns `undefined` if it answers, whatever it says
 */
export async function zotIsDown(url: string, settingsFile: string): Promise<string | undefined> {
  try {
    const endpoint = { name: "zot", url, setting: "registry.url" };
    const response = await request(endpoint, "/v2/", { retry: { retryFor: RESTART_SECONDS } });
    if (!isUnavailable(response)) return undefined;
    return `the proxy in front of zot returns ${response.status} for ${url}: zot is not running, or the proxy forwards to another address. ${restartOf(settingsFile)}`;
  } catch (error) {
    // A certificate that is not trusted, for example, names its own remedy.
    return error instanceof Unreachable ? `${error.message} ${restartOf(settingsFile)}` : messageOf(error);
  }
}

function restartOf(settingsFile: string): string {
  const registry = registryIn(settingsFile);
  const [host, command, service] = ["host", "restartCommand", "service"].map((name) => at(registry, name));
  const where = typeof host === "string" && host !== "local" ? `on ${host.replace(/^ssh:/, "")}` : "on this machine";
  if (typeof command === "string") return `Restart it ${where}: \`${command}\`. Then run this again.`;
  if (typeof service === "string") return `Restart the service ${service} ${where}. Then run this again.`;
  return `Restart zot ${where}. Then run this again.`;
}

/** The group as it is written: the settings as a whole may be invalid by now. */
function registryIn(settingsFile: string): unknown {
  try {
    const { config } = parse(readFileSync(settingsFile, "utf8")) as { readonly config?: unknown };
    return at(config, "zot-auth:registry");
  } catch {
    // Named on the command line, or by the settings of another machine: the advice is less specific.
    return undefined;
  }
}
