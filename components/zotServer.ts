import { createHash } from "node:crypto";
import { ComponentResource, all, secret, unsecret } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Output, Resource } from "@pulumi/pulumi";
import { Command } from "@pulumi/command/local/command.js";
import { toSeconds } from "../core/time/duration.ts";
import { formatCredentials, formatZotConfig, startDigest } from "../systems/zot/config/config.ts";
import type { ZotConfig } from "../systems/zot/config/config.ts";
import type { StartedWith } from "../systems/zot/host/deploy/functions/adopting.ts";
import { deployScript, startOf } from "../systems/zot/host/deploy/deploy.ts";
import { deploymentNumber, startDiffers } from "../systems/zot/host/deploy/number.ts";
import { removeScript } from "../systems/zot/host/deploy/remove.ts";
import { restartNotice } from "../systems/zot/host/deploy/restart.ts";
import type { FileCleanupInputs } from "../systems/zot/host/former/fileCleanup.ts";
import type { HostFacts } from "../systems/zot/host/facts/facts.ts";
import { removeSecretFileScript, secretFileScript } from "../systems/zot/host/files/secretFile.ts";
import { removeSessionKeysScript, sessionKeysScript } from "../systems/zot/host/files/sessionKeys.ts";
import { readServedConfig } from "../systems/zot/host/deploy/servedConfig.ts";
import { describeService } from "../systems/zot/host/service/describe.ts";
import { removeOnHost, runOnHost, scriptOnHost } from "../systems/zot/host/shell/shell.ts";
import { filesOnHost } from "../systems/zot/host/zotHost.ts";
import type { ZotHost, ZotTimeouts } from "../systems/zot/host/zotHost.ts";
import { formatZotVersion } from "../systems/zot/version.ts";
import { DELETE_FIRST, FileCleanup } from "./parts/resources.ts";
import { announceRestart } from "./parts/restartNotice.ts";
import { announceTakeOver, refuseRemoval } from "./parts/takeOverNotice.ts";

export interface ZotServerArgs extends ZotHost, ZotTimeouts {
  /** What the host runs, from `lookAtHost`. */
  readonly facts: HostFacts;
  /**
   * The config, in zot's own format. It must name the OIDC provider `oidc` with its `issuer` and `credentialsFile`. zot is
   * restarted for a change to something that it reads only when it starts.
   */
  readonly config: ZotConfig;
  /** The OAuth2 client id. A change restarts zot. */
  readonly clientId: Input<string>;
  /** The OAuth2 client secret. It is passed to the host on standard input and is encrypted in the state. A change restarts zot. */
  readonly clientSecret: Input<string>;
  /** The access and accounts that the first update may take away from a config that was made by hand, each in the text that its preview prints. Default: none. */
  readonly acceptRemoved?: readonly string[] | undefined;
  /** The groups that accounts are known to be in, by user name: an account's right that a group has is not taken away. Default: none. */
  readonly groupsOf?: Readonly<Record<string, readonly string[]>> | undefined;
  /** The resource that makes the issuer respond; zot does not start without the issuer. Default: it already responds. */
  readonly issuer?: Resource | undefined;
}

const SHELL = ["/bin/sh", "-c"];
/** A running zot takes over a changed file within a tenth of a second; the rest is for a busy host. */
const RELOAD_SECONDS = 5;

/**
 * The registry's server: zot's config file, the OIDC credentials file beside it, and the service that reads both.
 *
 * The host's own zot verifies the config before it is written. If the new config does not come into force, the previous one is restored and stays
 * in use. The next preview shows edits by hand on the host, and the next `up` undoes them. When an argument moves a file, its old place is restored once
 * zot serves from the new one.
 */
export class ZotServer extends ComponentResource {
  /** The version of zot on the host: `2.1.20`. */
  readonly version: string;
  /** SHA-256 (hex) of the config in force; known once it is. */
  readonly configHash: Output<string>;

  constructor(name: string, args: ZotServerArgs, options?: ComponentResourceOptions) {
    super("zot-auth:index:ZotServer", name, {}, options);
    refuseRemoval(args);
    const { host, facts, config } = args;
    const served = readServedConfig(config);
    const files = filesOnHost({ ...args, ...served });
    const text = formatZotConfig(config);
    const commands = {
      create: runOnHost(host, "ZOT_AUTH_DEPLOY"),
      delete: removeOnHost(host, "ZOT_AUTH_REMOVE"),
      interpreter: SHELL,
      logging: "stderr",
    } as const;

    const keysFile = args.sessionKeysFile === undefined ? undefined : files.locate(args.sessionKeysFile);
    const serving = {
      configFile: files.configFile,
      credentialsFile: files.credentialsFile,
      service: describeService(args, facts, files.configFile, served.log),
      origin: served.origin,
      readySeconds: toSeconds(args.readyTimeout),
      reloadSeconds: RELOAD_SECONDS,
    };
    // Each is named by its place, so that a moved file leaves a resource behind, whose deletion cleans up the old place.
    const cleanup = (
      what: string,
      inputs: Omit<FileCleanupInputs, "host">,
      after: readonly Resource[] = [],
    ): Resource =>
      new FileCleanup(
        `${name}-${what}-${sha256(`${host}:${inputs.file}`).slice(0, 6)}`,
        { host, ...inputs },
        { parent: this, dependsOn: [...after] },
      );
    const credentialsCleanup = cleanup("credentials", { file: files.credentialsFile, content: "credentials" });
    const keysCleanup =
      keysFile === undefined ? [] : [cleanup("session-keys", { file: keysFile, content: "sessionKeys" })];
    // A restored config is tried before the files that the current one names are removed.
    const configCleanup = cleanup("config", { file: files.configFile, content: "config", serving }, [
      credentialsCleanup,
      ...keysCleanup,
    ]);

    const place = (file: string): string => `${host}:${file}`;
    const credentialsText = all([args.clientId, args.clientSecret]).apply(([id, value]) =>
      formatCredentials(id, value),
    );
    const credentialsNumber = unsecret(credentialsText).apply((value) =>
      deploymentNumber(facts, "credentials", { hash: sha256(value), place: place(files.credentialsFile) }),
    );
    const credentials = new Command(
      `${name}-credentials`,
      {
        ...commands,
        environment: {
          ZOT_AUTH_DEPLOY: credentialsNumber.apply((number) =>
            scriptOnHost(host, secretFileScript(files, facts.credentials.repairs, number)),
          ),
          ZOT_AUTH_REMOVE: scriptOnHost(host, removeSecretFileScript(files.credentialsFile)),
        },
        stdin: secret(credentialsText),
      },
      // zot must not get a client secret that Authentik does not have.
      {
        ...DELETE_FIRST,
        parent: this,
        dependsOn: [credentialsCleanup, ...(args.issuer === undefined ? [] : [args.issuer])],
      },
    );
    const sessionKeys =
      keysFile === undefined
        ? undefined
        : new Command(
            `${name}-session-keys`,
            {
              ...commands,
              environment: {
                ZOT_AUTH_DEPLOY: scriptOnHost(
                  host,
                  sessionKeysScript(
                    keysFile,
                    files.dataDirectory,
                    facts.sessionKeys.repairs,
                    deploymentNumber(facts, "sessionKeys", { place: place(keysFile) }),
                  ),
                ),
                ZOT_AUTH_REMOVE: scriptOnHost(host, removeSessionKeysScript(keysFile)),
              },
            },
            { ...DELETE_FIRST, parent: this, dependsOn: keysCleanup },
          );
    // They print fingerprints of the files and nothing else: enough to restart zot when one of them changed.
    const written = all([unsecret(credentials.stdout), sessionKeys?.stdout ?? ""]).apply((prints) =>
      prints.join(" ").trimEnd(),
    );
    const deployment = {
      ...serving,
      binary: files.binary,
      issuer: served.issuer,
      startDigest: startDigest(config, facts.version),
      repairs: facts.config.repairs,
      serviceRepairs: facts.service.repairs,
      bearer: served.bearer,
    };
    const { definition } = serving.service;
    const definitionHash = definition === undefined ? undefined : sha256(definition);
    const declared = { hash: sha256(text), place: place(files.configFile) };
    const { externalUrl } = served;
    const adoptedBy = (clientId: string): StartedWith | undefined =>
      externalUrl === undefined
        ? undefined
        : { credentialsFile: files.credentialsFile, sessionKeysFile: keysFile, clientId, externalUrl };
    const needed = [configCleanup, credentials, sessionKeys, args.issuer].filter((resource) => resource !== undefined);
    const deployed = new Command(
      `${name}-config`,
      {
        ...commands,
        environment: {
          ZOT_AUTH_DEPLOY: all([written, args.clientId]).apply(([credentials, clientId]) => {
            const start = startOf({ ...deployment, credentials });
            const alsoDiffers = startDiffers(facts, { start, service: definitionHash });
            const number = deploymentNumber(facts, "config", declared, alsoDiffers);
            return scriptOnHost(
              host,
              deployScript({ ...deployment, credentials, number, adopted: adoptedBy(clientId) }),
            );
          }),
          ZOT_AUTH_REMOVE: scriptOnHost(host, removeScript(serving)),
        },
        stdin: text,
      },
      { ...DELETE_FIRST, parent: this, dependsOn: needed },
    );
    const planned = { config, sessionKeys: keysFile !== undefined, service: serving.service };
    announceRestart(
      deployed,
      deployed.stdout,
      credentialsText.apply((text) => restartNotice(facts, { ...planned, credentials: text })),
    );
    announceTakeOver(args, {
      config: deployed,
      credentials,
      clientId: args.clientId,
      credentialsText,
      credentialsFile: files.credentialsFile,
      planned,
    });
    this.version = formatZotVersion(facts.version);
    this.configHash = deployed.stdout.apply(() => sha256(text));
    this.registerOutputs();
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
