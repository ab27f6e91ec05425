import { string } from "../../../core/json.ts";
import type { JsonObject } from "../../../core/json.ts";
import { valueAt } from "../../../systems/zot/config/syntax/anyCase.ts";
import { originOf } from "../../../systems/zot/host/deploy/servedConfig.ts";
import { factsScript } from "../../../systems/zot/host/facts/question.ts";
import { parseFacts } from "../../../systems/zot/host/facts/answer.ts";
import type { HostFacts } from "../../../systems/zot/host/facts/facts.ts";
import { isCalledZot, parseRunning, runningScript } from "../../../systems/zot/host/service/running.ts";
import type { RunningZot } from "../../../systems/zot/host/service/running.ts";
import { askHost, unreachable } from "../../../systems/zot/host/shell/ask.ts";
import type { HostReply } from "../../../systems/zot/host/shell/ask.ts";
import { quote } from "../../../systems/zot/host/shell/shell.ts";
import { Stop } from "../stop.ts";
import { configIn } from "./otherFormats.ts";

const SECONDS = 60;

/** The zots that run on the host, as far as it shows them. @throws Stop if the host cannot be reached */
export async function runningZots(host: string): Promise<readonly RunningZot[]> {
  const reply = await askHost(host, runningScript(), { timeoutSeconds: SECONDS });
  assertReached(reply, host);
  return parseRunning(reply.stdout);
}

/** The configs of the zots among them: those on the host, and those in containers, whose paths are not the host's. */
export function configsOf(running: readonly RunningZot[]): {
  readonly onHost: readonly string[];
  readonly inContainers: readonly string[];
} {
  const configs = (container: boolean): readonly string[] => [
    ...new Set(
      running.filter((zot) => isCalledZot(zot) && zot.inContainer === container).map(({ configFile }) => configFile),
    ),
  ];
  return { onHost: configs(false), inContainers: configs(true) };
}

/** zot's config, as its file on the host has it. @throws Stop if it cannot be read, or is not in JSON */
export async function readZotConfig(host: string, configFile: string): Promise<JsonObject> {
  const text = await ask(host, `cat ${quote(configFile)}`, `zot's config cannot be read on ${host}`);
  return configIn(text, host, configFile);
}

/** The files that the facts are about. */
export interface ZotPaths {
  readonly binary: string;
  readonly configFile: string;
  readonly credentialsFile: string;
  readonly dataDirectory: string;
}

/** zot's version and its schema. @throws ZotAuthError as `parseFacts` */
export async function readFacts(host: string, paths: ZotPaths, config: JsonObject): Promise<HostFacts> {
  const port = valueAt(config, "http", "port");
  const origin = originOf(config, typeof port === "number" ? port : string(port) || "5000");
  const script = factsScript({ ...paths, origin, schema: true });
  return parseFacts(await ask(host, script, `zot's host ${host} cannot be asked about zot`), host);
}

/** The client ID in zot's credentials file; the secret beside it stays on the host. `undefined` if there is no such file, or it cannot be read. */
export async function readClientId(host: string, credentialsFile: string): Promise<string | undefined> {
  const key = Array.from("clientid", (letter) => `[${letter.toUpperCase()}${letter}]`).join("");
  const script = `tr -d '\\n\\r' < ${quote(credentialsFile)} 2>/dev/null |
  sed -n 's/.*"${key}"[[:space:]]*:[[:space:]]*"\\([^"\\\\]*\\)".*/\\1/p'`;
  const { stdout } = await askHost(host, script, { timeoutSeconds: SECONDS });
  const id = stdout.trim();
  return id === "" ? undefined : id;
}

async function ask(host: string, script: string, otherwise: string): Promise<string> {
  const reply = await askHost(host, script, { timeoutSeconds: SECONDS });
  assertReached(reply, host);
  if (reply.code !== 0) throw new Stop(`Nothing was written: ${otherwise}: ${reply.reason}`);
  return reply.stdout;
}

/** @throws Stop if the script did not run, or not to its end */
export function assertReached(reply: HostReply, host: string): void {
  const reason = unreachable(reply, host);
  if (reason !== undefined) throw new Stop(`Nothing was written: ${reason}`);
  if (reply.code === undefined)
    throw new Stop(`Nothing was written: ${host} (setting registry.host) did not answer within ${SECONDS} s.`);
}
