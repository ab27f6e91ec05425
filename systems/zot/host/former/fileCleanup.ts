import { setTimeout as delay } from "node:timers/promises";
import { ZotAuthError } from "../../../../core/errors.ts";
import type { Context, Observed, Resource } from "../../../../provider/resource.ts";
import type { ServingZot } from "../deploy/serving.ts";
import { FUNCTIONS } from "../files/functions.ts";
import { ROLE } from "../files/role.ts";
import { removeSecretFileScript } from "../files/secretFile.ts";
import { removeSessionKeysScript } from "../files/sessionKeys.ts";
import { configFileOf } from "../service/service.ts";
import { askHost, isUnreachable } from "../shell/ask.ts";
import type { HostReply } from "../shell/ask.ts";
import { quote } from "../shell/shell.ts";
import { restoreFormerConfigScript } from "./formerConfig.ts";

/**
 * Cleanup of one file on zot's host (docs/background/cleanup.md): it is in the state before the file is written. Each place has a resource of its own, so when a setting
 * moves the file, the engine deletes the resource of the old place after the new file is in use, also if a run is interrupted in between.
 */
export interface FileCleanupInputs {
  /** `local`, or `ssh:<destination>`. */
  readonly host: string;
  /** Absolute. */
  readonly file: string;
  readonly content: "config" | "credentials" | "sessionKeys";
  /** How zot serves the file, if it is the config. */
  readonly serving?: ServingZot;
}

export type FileCleanupState = FileCleanupInputs & Observed;

/** What an unreachable host keeps, and what to do about it. */
const LEFT: Readonly<Record<FileCleanupInputs["content"], string>> = {
  config:
    "The original, if there was one, is beside it, with .before-zot-auth at the end of its name. Restore it there.",
  credentials: "It holds the OIDC client secret. Remove it there, or change the secret.",
  sessionKeys: "It holds the keys of people's sessions. Remove it there.",
};

const ATTEMPTS = 3;
const PAUSE_MILLISECONDS = 1000;

export const fileCleanup: Resource<FileCleanupInputs, FileCleanupState> = {
  computed: {},

  async create(inputs) {
    return Promise.resolve({ id: `${inputs.host}:${inputs.file}`, state: { ...inputs, drift: "" } });
  },

  async update(_state, inputs) {
    return Promise.resolve({ ...inputs, drift: "" });
  },

  async delete(state, context) {
    const { host, file, content } = state;
    context.progress(`cleaning up ${file} on ${host}`);
    const definition = await managedDefinition(state, context);
    // Without an answer, nothing says which file the service starts zot with.
    const reply =
      definition === undefined || definition.code === 0
        ? await patiently(host, unlessTakenOver(state, scriptFor(state, definition?.stdout)), context)
        : definition;
    if (isUnreachable(reply, host)) {
      context.warn(`${file} stays on ${host}, which cannot be reached: ${sentence(reply.reason)} ${LEFT[content]}`);
      return;
    }
    const said = reply.stderr.trim();
    if (reply.code !== 0) {
      throw new ZotAuthError(
        "HOST_CLEANUP_FAILED",
        `${file} on ${host}, which the settings no longer name, could not be removed or restored: ${sentence(said || reply.reason)} Correct that and run again.`,
      );
    }
    if (said !== "") context.warn(`${host}: ${said}`);
  },
};

/** The setting that names the file. */
const SETTINGS: Readonly<Record<FileCleanupInputs["content"], string>> = {
  config: "registry.configFile",
  credentials: "registry.credentialsFile",
  sessionKeys: "zot.auth.sessionKeysFile",
};

/**
 * Another `registry.host` may be the same machine by another name, and another path the same file through a symbolic link to it or to its folder. The record
 * beside the file then names the new place, and the file is in use. A record of an earlier version names none. So it is if another setting of ours names that place now.
 */
function unlessTakenOver({ host, file, content }: FileCleanupState, script: string): string {
  return `${FUNCTIONS}
${ROLE}
at=$(through ${quote(file)} 2>/dev/null) || at=${quote(file)}
place=$(field "$at.zot-auth" place)
if [ -n "$place" ] && [ "$place" != ${quote(`${host}:${file}`)} ]; then exit 0; fi
case $(role "$at") in '' | ${SETTINGS[content]}) ;; *) exit 0 ;; esac
${script}`;
}

/** The service file that is on the host now, if we wrote it for this config; `undefined` if the file is no config. */
async function managedDefinition(
  { host, serving, file: config }: FileCleanupState,
  context: Context,
): Promise<HostReply | undefined> {
  if (serving === undefined) return undefined;
  const { manager, definition } = serving.service;
  const declared = manager.kind === "command" || definition === undefined ? "" : manager.file;
  const script = `${FUNCTIONS}
at=$(through ${quote(config)} 2>/dev/null) || at=${quote(config)}
file=$(field "$at.service.zot-auth" file)
file=\${file:-${quote(declared)}}
if [ -f "$file" ]; then cat "$file"; fi`;
  return patiently(host, script, context);
}

/** @param definition the text of the service file on the host, if we manage it */
function scriptFor({ file, content, serving }: FileCleanupState, definition: string | undefined): string {
  if (content === "credentials") return removeSecretFileScript(file);
  if (content === "sessionKeys") return removeSessionKeysScript(file);
  if (serving === undefined) throw new TypeError("the state of a config does not say how zot serves it");
  const served = definition === undefined ? undefined : configFileOf(definition);
  return restoreFormerConfigScript(serving, served === file ? undefined : served);
}

/** A host that restarts is not gone. */
async function patiently(host: string, script: string, { signal }: Context): Promise<HostReply> {
  for (let attempt = 1; ; attempt += 1) {
    const reply = await askHost(host, script, { signal });
    if (!isUnreachable(reply, host) || attempt === ATTEMPTS) return reply;
    await delay(PAUSE_MILLISECONDS, undefined, { signal });
  }
}

function sentence(reason: string): string {
  return `${reason.replace(/\.$/, "")}.`;
}
