import { createHash } from "node:crypto";
import { ComponentResource, all, secret, unsecret } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Output, Resource } from "@pulumi/pulumi";
import { Command } from "@pulumi/command/local/command.js";
import { toSeconds } from "../domain/duration.ts";
import { deployScript, removeScript, removeSecretFileScript, secretFileScript } from "../domain/hostScripts.ts";
import type { HostFacts } from "../domain/hostScripts.ts";
import type { Settings } from "../domain/settings/schema.ts";
import { runOnHost, scriptOnHost } from "../domain/shell.ts";
import { formatCredentials, formatZotConfig, issuerOf, renderZotConfig, startDigest } from "../domain/zotConfig.ts";
import { formatZotVersion } from "../domain/zotVersion.ts";
import { filesOnHost } from "./hostFiles.ts";

export interface ZotServerArgs {
  readonly settings: Settings;
  /** What the host said of itself. */
  readonly facts: HostFacts;
  /** The OAuth2 client secret that Authentik has, too. */
  readonly clientSecret: Input<string>;
  /** Done when the issuer answers: zot does not start without it. */
  readonly issuer: Resource;
}

const SHELL = ["/bin/sh", "-c"];

/**
 * The registry's server: zot's config file, the OIDC credentials file beside it, and the service that reads both.
 *
 * The config is rendered for the zot that the host has. That zot checks it before it is written; where it does not come up with it, the
 * previous config is put back and serves on. A hand edit on the host shows in the next preview and is undone by the next `up`.
 */
export class ZotServer extends ComponentResource {
  /** The version of zot on the host: `2.1.20`. */
  readonly version: string;
  /** SHA-256 (hex) of the config in force; known once it is. */
  readonly configHash: Output<string>;

  constructor(name: string, args: ZotServerArgs, options?: ComponentResourceOptions) {
    super("zot-auth:index:ZotServer", name, {}, options);
    const { facts } = args;
    const { registry, authentik } = args.settings;
    const files = filesOnHost(registry);
    const config = renderZotConfig(args.settings, facts.version, files);
    const text = formatZotConfig(config);
    const { host } = registry;
    const commands = {
      create: runOnHost(host, "ZOT_AUTH_DEPLOY"),
      delete: runOnHost(host, "ZOT_AUTH_REMOVE"),
      interpreter: SHELL,
    };

    const credentials = new Command(
      `${name}-credentials`,
      {
        ...commands,
        environment: {
          ZOT_AUTH_DEPLOY: scriptOnHost(host, secretFileScript(files.credentialsFile, facts.credentialsRepairs)),
          ZOT_AUTH_REMOVE: scriptOnHost(host, removeSecretFileScript(files.credentialsFile)),
        },
        stdin: secret(
          all([authentik.clientId, args.clientSecret]).apply(([id, value]) => formatCredentials(id, value)),
        ),
        logging: "stderr",
      },
      { parent: this },
    );
    // It prints a fingerprint of the file and nothing else: enough to restart zot when its credentials changed.
    const written = unsecret(credentials.stdout);
    const service = {
      ...files,
      restartCommand: registry.restartCommand ?? "",
      readyUrl: `http://${loopback(registry.address)}:${registry.port}/readyz`,
      readySeconds: toSeconds(registry.readyTimeout),
      discoveryUrl: `${issuerOf(authentik)}.well-known/openid-configuration`,
      startDigest: startDigest(config, facts.version),
      repairs: facts.configRepairs,
    };
    const deployed = new Command(
      `${name}-config`,
      {
        ...commands,
        environment: {
          ZOT_AUTH_DEPLOY: written.apply((print) =>
            scriptOnHost(host, deployScript({ ...service, credentials: print })),
          ),
          ZOT_AUTH_REMOVE: scriptOnHost(host, removeScript(service)),
        },
        stdin: text,
        logging: "stderr",
      },
      { parent: this, dependsOn: [credentials, args.issuer] },
    );
    this.version = formatZotVersion(facts.version);
    this.configHash = deployed.stdout.apply(() => createHash("sha256").update(text).digest("hex"));
    this.registerOutputs();
  }
}

/** Where a server that listens on every address is reached from its own host. */
function loopback(address: string): string {
  return ["0.0.0.0", "::", ""].includes(address) ? "127.0.0.1" : address.includes(":") ? `[${address}]` : address;
}
