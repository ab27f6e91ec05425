import { createHash } from "node:crypto";
import { startDifferences, startDigest, startLines } from "../../config/config.ts";
import type { ZotConfig } from "../../config/config.ts";
import { leavesService, serviceNotice } from "../service/serviceNotice.ts";
import type { Service } from "../service/service.ts";
import type { DeployedZot, HostFacts } from "../facts/facts.ts";

/** What is about to be deployed. */
export interface PlannedZot {
  readonly config: ZotConfig;
  /** The text of the credentials file. */
  readonly credentials: string;
  /** Whether zot has a file with session keys. */
  readonly sessionKeys: boolean;
  readonly service: Service;
}

/** How many keys a reason names. */
const NAMED = 5;

/** The sentence with which a preview announces what a deployment does to zot. */
export function restartNotice(facts: HostFacts, planned: PlannedZot): string {
  if (facts.deployed === undefined) return "zot's host does not answer, so whether zot restarts is unknown.";
  const reasons = restartReasons(facts, facts.deployed, planned);
  const restart =
    reasons.length === 0
      ? facts.byHand?.config === true
        ? "zot reloads its config without a restart if its answers show that it runs with what the file says, and watches the file. Otherwise, it is restarted."
        : "zot reloads its config without a restart. If it does not notice the change, it is restarted."
      : `zot restarts (about 2 s): ${reasons.join("; ")}.`;
  const service = serviceNotice(facts, planned.service);
  return service === undefined ? restart : `${restart} ${service}`;
}

/** Why the deployment restarts zot, as its script decides it (deploy.ts); empty if zot reloads the change. */
function restartReasons(facts: HostFacts, deployed: DeployedZot, planned: PlannedZot): readonly string[] {
  const { config, service: described } = planned;
  const { definition } = described;
  const { hashes, start } = deployed;
  const file = fileReason(facts, deployed);
  const changed =
    definition !== undefined && (sha256(definition) !== hashes.service || facts.service.state === "interrupted");
  const service = leavesService(facts, described)
    ? ["its service changes"]
    : changed
      ? ["its service file changes"]
      : [];
  if (facts.byHand?.config === true) return [...service, ...adoptionReasons(facts, deployed, planned)];
  const [digest, credentials, ...sessionKeys] = grouped(start);
  const [newDigest, newCredentials, ...newSessionKeys] = grouped(plannedStart(facts, deployed, planned));
  // Without a record, or after an edit, the file does not say what zot runs with; so there is nothing to compare with.
  if (file !== undefined) return [file, ...service];
  const reasons = [
    ...service,
    ...(digest === newDigest ? [] : [keysReason(deployed.configText, config)]),
    ...(credentials === newCredentials ? [] : ["the OIDC client ID or secret is written again"]),
    ...(sessionKeys.join() === newSessionKeys.join() ? [] : ["the session keys change"]),
  ];
  return reasons.length === 0 && facts.config.state === "unserved" ? ["it does not serve"] : reasons;
}

/** As `adopts` in the deployment's script decides it (adopting.ts), except for what only zot's answers show. */
function adoptionReasons(facts: HostFacts, deployed: DeployedZot, planned: PlannedZot): readonly string[] {
  if (facts.config.state === "interrupted") return ["a deployment was interrupted"];
  const { sessionKeys, hashes, credentialsByHand } = { ...planned, ...deployed };
  const before = parsed(deployed.configText);
  const isSame = before !== undefined && startLines(before).join("\n") === startLines(planned.config).join("\n");
  const sameCredentials = credentialsByHand === sha256(planned.credentials);
  const hasCredentials = isSame || facts.byHand?.credentials !== undefined;
  return [
    ...(isSame ? [] : [keysReason(deployed.configText, planned.config)]),
    ...(hasCredentials && !sameCredentials ? ["the OIDC client ID or secret changes"] : []),
    ...(sessionKeys && hashes.sessionKeys === "none" ? ["the session keys change"] : []),
  ];
}

function fileReason({ config }: HostFacts, { hashes, start }: DeployedZot): string | undefined {
  if (config.state === "interrupted") return "a deployment was interrupted";
  if (config.state === "edited") return "its config was edited by hand";
  if (hashes.config === "none") return "there is no config yet";
  return start === "" ? "its config is not from an earlier deployment of this program" : undefined;
}

function keysReason(configText: string, config: ZotConfig): string {
  const before = parsed(configText);
  if (before === undefined) return "it reads what changes only when it starts";
  const keys = startDifferences(before, config);
  if (keys.length === 0) return "zot or this program was upgraded";
  const more = keys.length > NAMED ? ` and ${keys.length - NAMED} more` : "";
  return `it reads ${keys.slice(0, NAMED).join(", ")}${more} only when it starts`;
}

/** What the record will say that zot was started with. */
function plannedStart(facts: HostFacts, { hashes }: DeployedZot, planned: PlannedZot): string {
  const credentials = `${sha256(planned.credentials).slice(0, 16)} ${facts.credentials.repairs}`;
  const keys = planned.sessionKeys ? ` ${hashes.sessionKeys.slice(0, 16)} ${facts.sessionKeys.repairs}` : "";
  return `${startDigest(planned.config, facts.version)} ${credentials}${keys}`;
}

/** A digest, and pairs of a fingerprint and a count of repairs. */
function grouped(start: string): readonly (string | undefined)[] {
  const [digest, ...words] = start.split(" ");
  return [digest, words.slice(0, 2).join(" "), ...words.slice(2)];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // The user who deploys may not read it.
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
