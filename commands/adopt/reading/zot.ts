import { ZotAuthError } from "../../../core/errors.ts";
import { isObject, list, string } from "../../../core/json.ts";
import type { Settings } from "../../../settings/schema.ts";
import { zotConfigArgs } from "../../../settings/zotConfigArgs.ts";
import { adoptConfig } from "../../../systems/zot/config/adopt/adoptConfig.ts";
import type { AdoptedConfig } from "../../../systems/zot/config/adopt/adoptConfig.ts";
import { assembleZotConfig } from "../../../systems/zot/config/config.ts";
import { configDifferences } from "../../../systems/zot/config/compared/difference.ts";
import type { Difference } from "../../../systems/zot/config/compared/difference.ts";
import { valueAt } from "../../../systems/zot/config/syntax/anyCase.ts";
import { isSecret } from "../../../systems/zot/config/schema/secretValues.ts";
import { possibleCiGroups } from "../../../systems/zot/config/adopt/settings/roles.ts";
import type { HostFacts } from "../../../systems/zot/host/facts/facts.ts";
import { isCalledZot } from "../../../systems/zot/host/service/running.ts";
import { formatZotVersion } from "../../../systems/zot/version.ts";
import type { Answers } from "../answers/answers.ts";
import { ABOUT_SERVERS, WHERE, WHICH_BINARY, whichConfig } from "../answers/questions.ts";
import { configsOf, readClientId, readFacts, readZotConfig, runningZots } from "./zotHost.ts";

/** What zot's host says, beside the settings that it became. */
export interface ZotFindings {
  /** Where it was read: `/etc/zot/config.json on ssh:nas (zot 2.1.20)`. */
  readonly place: string;
  /** The config as settings, with everything that is known by now. */
  readonly adopted: () => AdoptedConfig;
  /** What the config that these settings give says differently: flags and answers count more than zot's config. */
  readonly differences: (settings: Settings) => readonly Difference[];
  /** Groups that may push, if none is called like CI's. */
  readonly possibleCiGroups: readonly string[];
  /** Secrets in zot's config: none may be in the file. */
  readonly secrets: readonly string[];
}

/** The default of ci.user: in the policies, it is CI's account. */
const USUAL_CI_USER = "zot-ci";

const OIDC = ["http", "auth", "openid", "providers", "oidc"];

/** Reads zot's config on its host, and turns it into settings. */
export async function readZot(answers: Answers): Promise<ZotFindings> {
  await answers.complete([WHERE]);
  const host = answers.get("registry.host") ?? "";
  const running = await runningZots(host);
  await answers.complete([whichConfig(configsOf(running))], ABOUT_SERVERS);
  const configFile = answers.get("registry.configFile") ?? "";
  const config = await readZotConfig(host, configFile);

  const ours = running.find((zot) => zot.configFile === configFile && !zot.inContainer);
  if (ours !== undefined && isCalledZot(ours)) answers.add({ registry: { binary: ours.binary } });
  const credentialsFile = string(valueAt(config, ...OIDC, "credentialsFile"));
  const paths = {
    configFile,
    credentialsFile: credentialsFile === "" ? `${configFile}.none` : credentialsFile,
    dataDirectory: string(valueAt(config, "storage", "rootDirectory")),
  };
  const facts = await withBinary(answers, async (binary) => readFacts(host, { ...paths, binary }, config));
  const clientId =
    string(valueAt(config, ...OIDC, "clientid")) ||
    (credentialsFile === "" ? undefined : await readClientId(host, credentialsFile));
  const hasRestart = answers.get("registry.restartCommand") !== undefined;
  answers.add({
    ...(ours?.service === undefined || hasRestart ? {} : { registry: { service: ours.service } }),
    ...(clientId === undefined ? {} : { authentik: { clientId } }),
  });
  const adopted = (): AdoptedConfig =>
    adoptConfig(config, {
      version: facts.version,
      schema: facts.schema,
      configFile,
      clientId,
      url: answers.beside("registry.url"),
      authentikUrl: answers.beside("authentik.url"),
      adminGroup: answers.beside("access.adminGroup"),
      ciGroup: answers.beside("access.ciGroup"),
      ciUser: answers.beside("ci.user") ?? USUAL_CI_USER,
      imagePrefix: answers.beside("ci.imagePrefix"),
    });
  answers.zot = adopted().settings;
  return {
    place: `${configFile} on ${host === "local" ? "this machine" : host} (zot ${formatZotVersion(facts.version)})`,
    adopted,
    differences: (settings) =>
      configDifferences(config, assembleZotConfig(zotConfigArgs(settings), facts.version, settings.registry).config),
    possibleCiGroups: possibleCiGroups(config, {
      adminGroup: answers.beside("access.adminGroup"),
      ciGroup: answers.beside("access.ciGroup"),
    }),
    secrets: secretsIn(config),
  };
}

/** Asks for the executable if it is not found. */
async function withBinary(answers: Answers, look: (binary: string) => Promise<HostFacts>): Promise<HostFacts> {
  const known = answers.get("registry.binary");
  try {
    return await look(known ?? "zot");
  } catch (error) {
    const isMissing = error instanceof ZotAuthError && error.code === "ZOT_BINARY_MISSING";
    if (!isMissing || known !== undefined) throw error;
    await answers.complete([WHICH_BINARY], ABOUT_SERVERS);
    return look(answers.get("registry.binary") ?? "");
  }
}

/** Every value of at least four characters that is a secret by its key. */
function secretsIn(value: unknown, key = ""): readonly string[] {
  if (typeof value === "string") return value.length >= 4 && isSecret(key, value) ? [value] : [];
  if (isObject(value)) return Object.entries(value).flatMap(([name, inner]) => secretsIn(inner, name));
  return list(value).flatMap((inner) => secretsIn(inner, key));
}
