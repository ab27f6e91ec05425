import { createHash } from "node:crypto";
import { ComponentResource, all, secret, unsecret } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Output, Resource } from "@pulumi/pulumi";
import { Command } from "@pulumi/command/local/command.js";
import { toSeconds } from "../core/duration.ts";
import { deployScript } from "../systems/zot/host/deploy/deploy.ts";
import { describeService } from "../systems/zot/host/service/describe.ts";
import type { HostFacts } from "../systems/zot/host/facts.ts";
import { originOnHost } from "../systems/zot/host/deploy/origin.ts";
import { removeScript } from "../systems/zot/host/deploy/remove.ts";
import { removeSessionKeysScript, sessionKeysScript } from "../systems/zot/host/files/sessionKeys.ts";
import { removeSecretFileScript, secretFileScript } from "../systems/zot/host/files/secretFile.ts";
import type { Settings } from "../settings/schema.ts";
import { runOnHost, scriptOnHost } from "../systems/zot/host/shell.ts";
import { valueAt } from "../core/json.ts";
import { formatCredentials, formatZotConfig, issuerOf, startDigest } from "../systems/zot/config/config.ts";
import type { ZotConfig } from "../systems/zot/config/config.ts";
import { formatZotVersion } from "../systems/zot/version.ts";
import { filesOnHost } from "../systems/zot/host/paths.ts";

export interface ZotServerArgs {
  readonly settings: Settings;
  /** What the host said of itself. */
  readonly facts: HostFacts;
  /** zot's config, for the zot that the host has. */
  readonly config: ZotConfig;
  /** The OAuth2 client secret that Authentik has, too. */
  readonly clientSecret: Input<string>;
  /** Done when the issuer answers: zot does not start without it. */
  readonly issuer: Resource;
}

const SHELL = ["/bin/sh", "-c"];
/** A running zot takes a changed file over within a tenth of a second; the rest is for a host that is busy. */
const RELOAD_SECONDS = 5;

/**
 * The registry's server: zot's config file, the OIDC credentials file beside it, and the service that reads both.
 *
 * The config is rendered for the zot that the host has. That zot checks it before it is written; where it does not come into force, the
 * previous config is put back and serves on. A hand edit on the host shows in the next preview and is undone by the next `up`.
 */
export class ZotServer extends ComponentResource {
  /** The version of zot on the host: `2.1.20`. */
  readonly version: string;
  /** SHA-256 (hex) of the config in force; known once it is. */
  readonly configHash: Output<string>;

  constructor(name: string, args: ZotServerArgs, options?: ComponentResourceOptions) {
    super("zot-auth:index:ZotServer", name, {}, options);
    const { facts, settings, config } = args;
    const { registry, authentik } = settings;
    const files = filesOnHost(registry);
    const text = formatZotConfig(config);
    const { host } = registry;
    const commands = {
      create: runOnHost(host, "ZOT_AUTH_DEPLOY"),
      delete: runOnHost(host, "ZOT_AUTH_REMOVE"),
      interpreter: SHELL,
      logging: "stderr",
    } as const;

    const credentials = new Command(
      `${name}-credentials`,
      {
        ...commands,
        environment: {
          ZOT_AUTH_DEPLOY: scriptOnHost(host, secretFileScript(files, facts.credentials.repairs)),
          ZOT_AUTH_REMOVE: scriptOnHost(host, removeSecretFileScript(files.credentialsFile)),
        },
        stdin: secret(
          all([authentik.clientId, args.clientSecret]).apply(([id, value]) => formatCredentials(id, value)),
        ),
      },
      { parent: this },
    );
    const { sessionKeysFile } = settings.zot.auth;
    const keysFile = sessionKeysFile === undefined ? undefined : files.locate(sessionKeysFile);
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
                  sessionKeysScript(keysFile, files.dataDirectory, facts.sessionKeys.repairs),
                ),
                ZOT_AUTH_REMOVE: scriptOnHost(host, removeSessionKeysScript(keysFile)),
              },
            },
            { parent: this },
          );
    // They print fingerprints of the files and nothing else: enough to restart zot when one of them changed.
    const written = all([unsecret(credentials.stdout), sessionKeys?.stdout ?? ""]).apply((prints) =>
      prints.join(" ").trimEnd(),
    );
    const output = valueAt(config, "log", "output");
    const serving = {
      configFile: files.configFile,
      service: describeService(registry, facts, files.configFile, typeof output === "string" ? output : undefined),
      origin: originOnHost(settings),
      readySeconds: toSeconds(registry.readyTimeout),
      reloadSeconds: RELOAD_SECONDS,
    };
    const deployment = {
      ...serving,
      binary: files.binary,
      issuer: issuerOf(authentik),
      startDigest: startDigest(config, facts.version),
      repairs: facts.config.repairs,
      serviceRepairs: facts.service.repairs,
    };
    const deployed = new Command(
      `${name}-config`,
      {
        ...commands,
        environment: {
          ZOT_AUTH_DEPLOY: written.apply((print) =>
            scriptOnHost(host, deployScript({ ...deployment, credentials: print })),
          ),
          ZOT_AUTH_REMOVE: scriptOnHost(host, removeScript(serving)),
        },
        stdin: text,
      },
      { parent: this, dependsOn: [credentials, ...(sessionKeys === undefined ? [] : [sessionKeys]), args.issuer] },
    );
    this.version = formatZotVersion(facts.version);
    this.configHash = deployed.stdout.apply(() => createHash("sha256").update(text).digest("hex"));
    this.registerOutputs();
  }
}
