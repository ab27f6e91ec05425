import { ZotAuthError } from "../../../../core/errors.ts";
import { OLDEST_SUPPORTED, parseZotVersion } from "../../version.ts";
import type { WrittenFile, RecordedService, DeployedZot, HostFacts } from "./facts.ts";
import { CONFIG_FOLLOWS } from "./question.ts";

/**
 * Reads what {@link factsScript} printed.
 *
 * @throws ZotAuthError `ZOT_BINARY_MISSING`, `ZOT_VERSION_UNREADABLE`, `HOST_FILES_WRONG`, `TWO_UPDATES_NEEDED`
 */
export function parseFacts(output: string, host: string): HostFacts {
  const end = output.indexOf(`\n${CONFIG_FOLLOWS}`);
  const printed = end < 0 ? output : output.slice(0, end);
  const facts = new Map(
    printed.split("\n").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
  const missing = facts.get("missing");
  if (missing !== undefined) {
    throw new ZotAuthError(
      "ZOT_BINARY_MISSING",
      `zot does not exist at "${missing}" on ${host} (setting registry.binary). Install it there, or correct the setting. For a zot in a container, see docs/background/zot.md#in-a-container.`,
    );
  }
  const problems = printed.split("\n").filter((line) => line.startsWith("problem="));
  if (problems.length > 0) {
    const list = problems.map((line) => line.slice("problem=".length)).join("\n");
    throw new ZotAuthError(
      "HOST_FILES_WRONG",
      `${host} lacks what zot's config needs. Nothing was changed. Provide the following, or correct the settings:\n${list}`,
    );
  }
  const conflicts = printed.split("\n").filter((line) => line.startsWith("conflict="));
  if (conflicts.length > 0) {
    const list = conflicts.map((line) => line.slice("conflict=".length)).join("\n");
    throw new ZotAuthError(
      "TWO_UPDATES_NEEDED",
      `${host} keeps things that change one after the other only. Nothing was changed.\n${list}`,
    );
  }
  const said = facts.get("version") ?? printed;
  const version = parseZotVersion(said) ?? parseZotVersion(releaseTag(facts.get("running") ?? ""));
  if (version === undefined) {
    throw new ZotAuthError(
      "ZOT_VERSION_UNREADABLE",
      `The version of zot on ${host} is unknown: the binary (setting registry.binary) prints "${said.trim().slice(0, 200)}", and no running zot reports it at /v2/_zot/ext/mgmt. It must be a release of zot ${OLDEST_SUPPORTED} or later.`,
    );
  }
  const file = (name: string): WrittenFile => ({
    repairs: Number(facts.get(`${name}_repairs`) ?? 0),
    state: stateOf(facts.get(`${name}_state`)),
  });
  const hash = (name: string): string => facts.get(`${name}_hash`) ?? "none";
  return {
    version,
    binary: facts.get("binary") ?? "",
    home: facts.get("home") ?? "",
    owner: facts.get("owner") ?? "",
    config: file("config"),
    credentials: file("credentials"),
    service: file("service"),
    sessionKeys: file("sessionKeys"),
    recordedService: recordedService(facts),
    schema: facts.get("schema")?.startsWith("{") === true ? facts.get("schema") : undefined,
    deployed: {
      configText: end < 0 ? "" : output.slice(end + 1 + CONFIG_FOLLOWS.length),
      start: facts.get("start") ?? "",
      credentialsByHand: facts.get("credentials_print") ?? "",
      hashes: { config: hash("config"), service: hash("service"), sessionKeys: hash("sessionKeys") },
      recorded: recordedFiles(facts),
    },
    byHand: {
      config: facts.has("config_by_hand"),
      sessionKeys: facts.has("sessionKeys_by_hand"),
      credentials: facts.has("credentials_by_hand") ? { clientId: facts.get("client_id") ?? "" } : undefined,
      service: facts
        .get("service_sets")
        ?.split(" ")
        .filter((name) => name !== ""),
    },
  };
}

function recordedFiles(facts: ReadonlyMap<string, string>): NonNullable<DeployedZot["recorded"]> {
  const names = ["config", "credentials", "service", "sessionKeys"] as const;
  return Object.fromEntries(
    names.flatMap((name) => {
      const hash = facts.get(`${name}_written`);
      if (hash === undefined) return [];
      return [
        [name, { hash, place: facts.get(`${name}_place`) ?? "", number: Number(facts.get(`${name}_number`) ?? 0) }],
      ];
    }),
  );
}

function recordedService(facts: ReadonlyMap<string, string>): RecordedService | undefined {
  const service = facts.get("recorded_service");
  if (service === undefined) return undefined;
  return { service, file: facts.get("recorded_file") ?? "", original: facts.get("recorded_original") === "yes" };
}

/** The release that a running zot reports. It may be older than the binary, so the binary is asked first. */
function releaseTag(answer: string): string {
  return /"releaseTag"\s*:\s*"([^"]*)"/.exec(answer)?.[1] ?? "";
}

function stateOf(text: string | undefined): WrittenFile["state"] {
  return text === "edited" || text === "interrupted" || text === "unserved" ? text : "as written";
}
