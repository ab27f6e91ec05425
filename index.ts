import { getStack, unsecret } from "@pulumi/pulumi";
import { Acceptance } from "./components/acceptance.ts";
import { AuthentikAccess } from "./components/authentikAccess.ts";
import { CiServiceAccount } from "./components/ciServiceAccount.ts";
import { readClientSecret } from "./stack/clientSecret.ts";
import { ForgejoSecret } from "./components/forgejoSecret.ts";
import { lookAtHost } from "./stack/hostFacts.ts";
import { stackOutputs } from "./stack/outputs.ts";
import { noDebugLog, plainStacks, quietWhenEngineIsGone } from "./stack/sdk.ts";
import { preflightInputs } from "./stack/preflight.ts";
import { providers } from "./stack/providers.ts";
import { Preflight } from "./components/resources.ts";
import { tellRotation } from "./stack/rotationNotice.ts";
import { stackSettings } from "./stack/stackSettings.ts";
import { zotConfigFor } from "./stack/zotConfig.ts";
import { ZotServer } from "./components/zotServer.ts";
import { fingerprint } from "./core/fingerprint.ts";

plainStacks();
noDebugLog();
quietWhenEngineIsGone();

// The eight manual steps as a graph: each resource is done when something can be seen on a server, and the next depends on it.
const settings = stackSettings();
// Asked first: the answer comes while the engine starts the other providers.
const looking = lookAtHost(settings);
const { zotAuth, kubernetes, onePassword } = providers(settings);

const reading = readClientSecret(settings.authentik.clientSecret, onePassword);
const preflight = new Preflight("preflight", preflightInputs(settings), { provider: zotAuth });
const options = { providers: kubernetes === undefined ? [zotAuth] : [zotAuth, kubernetes], dependsOn: [preflight] };

// Nothing is registered that changes anything before the host has said what it runs, and the client secret has been read.
const [facts, { clientSecret }] = await Promise.all([looking, reading]);
const config = zotConfigFor(settings, facts);

const access = new AuthentikAccess(
  "authentik",
  { settings, clientSecretFingerprint: unsecret(clientSecret.apply(fingerprint)) },
  options,
);
const server = new ZotServer("zot", { settings, facts, config, clientSecret, issuer: access.applied }, options);
// The first part of the labels of our keys.
const owner = `zot-auth/${getStack()}`;
const account = new CiServiceAccount("ci", { settings, owner, access, server }, options);
tellRotation(settings.ci.user, account.key);
const secrets = new ForgejoSecret("forgejo", { settings, owner, key: account.key, keys: account.keys }, options);
const acceptance = new Acceptance(
  "acceptance",
  { settings, key: account.key, owner, configHash: server.configHash, secrets },
  options,
);

export const {
  registryHost,
  registryUrl,
  zotVersion,
  ciUser,
  ciSecretName,
  imagePrefix,
  keyLabel,
  keyUuid,
  keyFingerprint,
  keyCreated,
  keyExpires,
  keyRotates,
  skopeoArgs,
  daggerArgs,
  acceptance: acceptanceResult,
} = stackOutputs({ settings, version: server.version, key: account.key, results: acceptance.results });
