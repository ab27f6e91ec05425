import { getStack, unsecret } from "@pulumi/pulumi";
import {
  Acceptance,
  AuthentikAccess,
  CiServiceAccount,
  ForgejoSecret,
  ZotServer,
  lookAtHost,
} from "./components/index.ts";
import { Preflight } from "./components/parts/resources.ts";
import { removalInUpdate } from "./components/parts/takeOverNotice.ts";
import { fingerprint } from "./core/secrets/fingerprint.ts";
import * as from from "./stack/arguments.ts";
import { readClientSecret } from "./stack/clientSecret.ts";
import { keepOutputs } from "./stack/keptOutputs.ts";
import { stackOutputs } from "./stack/outputs.ts";
import { providers } from "./stack/providers.ts";
import { announceRotation } from "./stack/rotationNotice.ts";
import { prepareSdk } from "./stack/sdk.ts";
import { stackSettings } from "./stack/settings.ts";
import { unreadableSecrets } from "./stack/unreadableSecrets.ts";
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
  { ...from.preflightInputs(settings, await unreadableSecrets(settings)), ...removal },
  { provider: zotAuth },
);
const options = { providers: components, dependsOn: [preflight] };

// Nothing that changes anything is registered before the host has answered and the client secret has been read.
const [planned, { clientSecret }] = await Promise.all([planning, reading, kept]);
// First part of the labels of our keys and secrets.
const owner = `zot-auth/${getStack()}`;

const clientSecretFingerprint = unsecret(clientSecret.apply(fingerprint));

const access = new AuthentikAccess(
  "authentik",
  { ...from.authentikAccessArgs(settings), clientSecretFingerprint },
  options,
);
const server = new ZotServer("zot", { ...planned, clientSecret, issuer: access.issuer }, options);
const account = new CiServiceAccount("ci", { ...from.ciServiceAccountArgs(settings), owner, access, server }, options);
announceRotation(settings.ci.user, account.key);
const secrets = new ForgejoSecret(
  "forgejo",
  { ...from.forgejoSecretArgs(settings), owner, key: { ...account.key, source: settings.ci.keyStore } },
  { ...options, dependsOn: [preflight, account.keys] },
);
const acceptance = new Acceptance(
  "acceptance",
  {
    ...from.acceptanceArgs(settings, planned.facts.version),
    owner,
    key: account.key,
    configHash: server.configHash,
    clientSecretFingerprint,
    secrets,
    // Of `npm run check -- <stack> --full`.
    again: process.env["ZOT_AUTH_PROVE_AGAIN"],
  },
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
  skopeoLoginArgs,
  skopeoCopyArgs,
  daggerArgs,
  acceptanceResult,
} = stackOutputs({ settings, version: server.version, key: account.key, results: acceptance.results });
