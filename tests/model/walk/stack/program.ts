// The whole program, composed as in index.ts. It does not ask zot's host, and gets the client secret as it is in the model's 1Password.
import { output, secret } from "@pulumi/pulumi";
import { AuthentikAccess, ZotServer } from "../../../../components/index.ts";
import { Preflight } from "../../../../components/parts/resources.ts";
import { fingerprint } from "../../../../core/secrets/fingerprint.ts";
import type { Settings } from "../../../../settings/schema.ts";
import * as from from "../../../../stack/arguments.ts";
import { preflightInputs } from "../../../../stack/preflightArguments.ts";
import { registerAccounts } from "../../../../stack/accounts/ciAccount.ts";
import { providers } from "../../../../stack/providers.ts";
import { zotConfigFor } from "../../../../stack/zotConfig.ts";
import type { HostFacts } from "../../../../systems/zot/host/facts/facts.ts";
import { OWNER } from "../../engine/program.ts";
import { TOKENS } from "../../homelab/servers.ts";

export function wholeProgram(settings: Settings, facts: HostFacts, owner = OWNER): void {
  const { components, zotAuth } = providers(settings);
  const preflight = new Preflight("preflight", preflightInputs(settings), { provider: zotAuth });
  const options = { providers: components, dependsOn: [preflight] };
  const config = zotConfigFor(settings, facts);
  const clientSecret = secret(output(TOKENS.MODEL_CLIENT_SECRET));
  const clientSecretFingerprint = fingerprint(TOKENS.MODEL_CLIENT_SECRET);
  const access = new AuthentikAccess(
    "authentik",
    { ...from.authentikAccessArgs(settings), clientSecretFingerprint },
    options,
  );
  const server = new ZotServer(
    "zot",
    { ...from.zotServerArgs(settings), facts, config, clientSecret, issuer: access.issuer },
    options,
  );
  registerAccounts({
    settings,
    owner,
    access,
    server,
    version: facts.version,
    configHash: server.configHash,
    clientSecretFingerprint,
    generations: preflight.generations,
    options,
  });
}
