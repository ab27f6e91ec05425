import { getStack, unsecret } from "@pulumi/pulumi";
import { AuthentikAccess, ZotServer, lookAtHost } from "./components/index.ts";
import { Preflight } from "./components/parts/resources.ts";
import { removalInUpdate } from "./components/parts/takeOverNotice.ts";
import { fingerprint } from "./core/secrets/fingerprint.ts";
import * as from from "./stack/arguments.ts";
import { registerAccounts } from "./stack/accounts/ciAccount.ts";
import { registerJobAccounts } from "./stack/accounts/jobAccount.ts";
import { readClientSecret } from "./stack/secrets/clientSecret.ts";
import { keepOutputs } from "./stack/outputs/keptOutputs.ts";
import { stackOutputs } from "./stack/outputs/outputs.ts";
import { accountsWithKeys, preflightInputs } from "./stack/preflightArguments.ts";
import { providers } from "./stack/providers.ts";
import { announceRotation } from "./stack/accounts/rotationNotice.ts";
import { prepareSdk } from "./stack/sdk/sdk.ts";
import { stackSettings } from "./stack/settings.ts";
import { unreadableSecrets } from "./stack/secrets/unreadableSecrets.ts";
import { newestZotConfig, planZot } from "./stack/zotConfig.ts";

prepareSdk();
const kept = keepOutputs();

// The eight manual steps as a graph: each resource is done when something can be seen on a server, and the next depends on it.
const settings = stackSettings();
// Asked first: the host answers while the engine starts the providers.
const looking = lookAtHost(from.zotHost(settings), newestZotConfig(settings), from.schemaQuestion(settings));
const planning = looking.then((facts) => planZot(settings, facts));
const removal = removalInUpdate(planning);
const { components, zotAuth, onePassword } = providers(settings);
const reading = readClientSecret(settings.authentik.clientSecret, onePassword, settings.onePassword);
const preflight = new Preflight(
  "preflight",
  {
    ...preflightInputs(settings, await unreadableSecrets(settings)),
    ...removal,
    withKeys: looking.then(
      ({ version }) => accountsWithKeys(settings, version),
      // The program ends with it.
      () => undefined,
    ),
  },
  { provider: zotAuth },
);
const options = { providers: components, dependsOn: [preflight] };

// Nothing that changes anything is registered before the host has answered and the client secret has been read.
const [planned, { clientSecret }] = await Promise.all([planning, reading, kept]);
const owner = `zot-auth/${getStack()}`;

const clientSecretFingerprint = unsecret(clientSecret.apply(fingerprint));

const access = new AuthentikAccess(
  "authentik",
  { ...from.authentikAccessArgs(settings), clientSecretFingerprint },
  options,
);
const server = new ZotServer("zot", { ...planned, clientSecret, issuer: access.issuer }, options);
const base = {
  settings,
  owner,
  access,
  server,
  version: planned.facts.version,
  configHash: server.configHash,
  clientSecretFingerprint,
  generations: preflight.generations,
  // Of `npm run check -- <stack> --full`.
  again: process.env["ZOT_AUTH_PROVE_AGAIN"],
  options,
};
const accounts = registerAccounts(base);
const jobAccounts = registerJobAccounts(base);
for (const { account, key } of accounts) announceRotation(account.user, key);

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
  skopeoLoginArgs,
  skopeoCopyArgs,
  daggerArgs,
  acceptanceResult,
  ciAccounts,
  ciJobTokens,
} = stackOutputs({ settings, version: server.version, accounts, jobAccounts });
