import { createHash } from "node:crypto";
import { unacceptedRemoval } from "../../../core/acceptRemoved.ts";
import type { JsonObject } from "../../../core/json.ts";
import { formatZotConfig } from "../config/config.ts";
import type { HostFacts } from "../host/facts/facts.ts";
import type { PlannedZot } from "../host/deploy/restart.ts";
import { describeConfigChange, parseConfig } from "./describe.ts";
import { removedAccess } from "./removed.ts";
import type { Memberships } from "./rights.ts";

/** A config that is about to replace the one on the host. */
export interface TakeOver {
  readonly facts: HostFacts;
  /** `/etc/zot/config.json on ssh:indri`. */
  readonly file: string;
  readonly config: JsonObject;
  /** The setting `registry.acceptRemoved`. */
  readonly acceptRemoved: readonly string[];
  readonly groupsOf?: Memberships | undefined;
}

/** The access and accounts that the config on the host gives, and that `registry.acceptRemoved` would have to accept; `undefined` if there are none. */
export function unacceptedByConfig({ facts, file, config, acceptRemoved, groupsOf }: TakeOver): string | undefined {
  const text = facts.deployed?.configText ?? "";
  if (text.trim() === "") return undefined;
  const before = parseConfig(text);
  const removed =
    before === undefined ? ["everything"] : removedAccess(before, config, { version: facts.version, groupsOf });
  return unacceptedRemoval({ from: file, setting: "registry.acceptRemoved", removed, accepted: acceptRemoved });
}

/**
 * What a preview says about a config that this stack did not write, or that was edited since; `undefined` if it did and it was not.
 *
 * @param isFirst whether this stack's state has no deployment of a config
 */
export function configNotice({ facts, file, config }: TakeOver, isFirst: boolean): string | undefined {
  const text = facts.deployed?.configText ?? "";
  if (text === "") return undefined;
  // No copy is kept of it (deploy/functions/keeping.ts): it may have been copied from an earlier place of ours.
  if (facts.byHand?.config === true && text === formatZotConfig(config))
    return `${file} is the declared config already, byte for byte. It counts as written by this program: \`destroy\` removes it.`;
  const change = describeConfigChange(text, config, facts.version);
  if (facts.byHand?.config === true)
    return `${file} was made by hand. A copy of it is kept beside it, and \`destroy\` restores it. ${change}`;
  if (facts.config.state === "edited") return `${file} was edited by hand. ${change}`;
  if (isFirst) return `${file} was written by this program, but not by this stack, or its state was lost. ${change}`;
  return undefined;
}

/**
 * What a preview says about a credentials file that was made by hand.
 *
 * @param declared `text` is the whole file, and `undefined` if the secret is not known
 */
export function credentialsNotice(
  { byHand, deployed }: HostFacts,
  file: string,
  declared: { readonly clientId: string; readonly text: string | undefined },
): string | undefined {
  if (byHand?.credentials === undefined) return undefined;
  const { clientId } = byHand.credentials;
  if (declared.text !== undefined && deployed?.credentialsByHand === sha256(declared.text))
    return `${file} was made by hand and holds the declared client ID and secret.`;
  const difference =
    clientId === declared.clientId
      ? declared.text === undefined
        ? `It holds the declared client ID "${clientId}"; whether it holds the declared secret is unknown.`
        : `It holds the declared client ID "${clientId}" with another secret.`
      : `It holds ${clientId === "" ? "no client ID" : `the client ID "${clientId}"`}; the declared one is "${declared.clientId}".`;
  return `${file} was made by hand and is replaced; \`destroy\` restores it. ${difference}`;
}

/** What a preview says about a service file that was made by hand, and session keys. */
export function otherFilesNotices(
  { byHand, deployed }: HostFacts,
  { service, sessionKeys }: Pick<PlannedZot, "service" | "sessionKeys">,
): readonly string[] {
  const { manager, definition } = service;
  const said: string[] = [];
  if (byHand?.service !== undefined && definition !== undefined && manager.kind !== "command") {
    const lost = byHand.service.filter((name) => !new RegExp(`^${name}=|<key>${name}<`, "m").test(definition));
    const settings = lost.length === 0 ? "" : ` The declared one does not set ${lost.join(", ")}.`;
    said.push(
      deployed?.hashes.service === sha256(definition)
        ? `${manager.file} was made by hand and is as declared.`
        : `${manager.file} was made by hand and is replaced (registry.manageService); \`destroy\` restores it.${settings}`,
    );
  }
  if (sessionKeys && byHand?.sessionKeys === true)
    said.push("The file of zot.auth.sessionKeysFile was made by hand. Its keys stay in use.");
  return said;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
