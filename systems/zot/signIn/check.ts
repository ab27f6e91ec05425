import type { AccountNames } from "../../../core/settings/accountNames.ts";
import { ZotAuthError } from "../../../core/errors.ts";
import { again } from "../../../core/http/retryAttempt.ts";
import type { SecretReference } from "../../../core/secrets/reference.ts";
import type { ConfigSeen } from "./diagnosis/configSeen.ts";
import { diagnoseGroupsClaim } from "./diagnosis/groupsClaim.ts";
import type { ClaimsSeen } from "../../authentik/session/claims.ts";
import { diagnoseKeyEndpoint } from "./diagnosis/keyEndpoint.ts";
import { diagnoseKeyGroups } from "./diagnosis/keyGroups.ts";
import type { PushesSeen } from "./diagnosis/keyGroups.ts";
import { isFailed } from "./diagnosis/verdict.ts";
import type { FailedVerdict, Verdict } from "./diagnosis/verdict.ts";
import { Authentik } from "../../authentik/client.ts";
import type { AuthentikConnection } from "../../authentik/client.ts";
import type { AuthentikSession } from "../../authentik/session/session.ts";
import { lookAtConfig } from "../host/readConfig.ts";
import type { ConfigPlace } from "../host/readConfig.ts";
import { readClaims } from "../../authentik/session/idToken.ts";
import { signIn } from "../../authentik/session/machineSignIn.ts";
import { Registry } from "../access/proof/registry.ts";
import type { Secret } from "../../../core/secrets/secret.ts";
import type { ZotCredentials } from "../client.ts";
import { observeKeyEndpoint } from "./endpoints.ts";
import { beginSignIn, finishSignIn, signOut } from "./zotSignIn.ts";
import type { BegunSignIn, ZotAccounts, ZotSession } from "./zotSignIn.ts";
import { resolveSecret } from "../../onePassword/resolver.ts";
import type { Context } from "../../../provider/resource.ts";
import { explainFailure } from "./reasons.ts";

/** What a sign-in as the CI account needs, and its expected result. */
export interface SignInArgs extends AuthentikConnection, ZotAccounts {
  /** User name of the account. */
  readonly username: string;
  /** Slug of the sign-in flow for machines. */
  readonly machineFlow: string;
  /** Identifier of the account's app password in Authentik. */
  readonly appPassword: string;
  /** The issuer in zot's config, byte by byte. */
  readonly issuer: string;
  /** Reference to the OAuth2 client secret that zot has. */
  readonly clientSecret: SecretReference;
  /** The group that gives CI its permissions. */
  readonly ciGroup: string;
  /** The claim in which zot looks for an account's groups. */
  readonly groupsClaim: string;
  /** Where zot's config is. It is read when a check fails, to say why. */
  readonly configPlace: ConfigPlace;
  /** Where the settings name the account, for messages. Default: as without `ci.accounts`. */
  readonly settings?: AccountNames | undefined;
}

/** A sign-in on both sides. */
export interface SignedIn {
  readonly authentik: AuthentikSession;
  readonly begun: BegunSignIn;
  readonly zot: ZotSession;
}

/** A session at Authentik, by the machines' flow. */
async function signInAtAuthentik(settings: SignInArgs, context: Context): Promise<AuthentikSession> {
  const { signal } = context;
  const { authentikUrl, machineFlow: flow, username } = settings;
  return explained(settings, context, async () => {
    const appPassword = await new Authentik(settings, signal).tokenKey(settings.appPassword);
    const account = { authentikUrl, flow, username, appPassword, settings: settings.settings };
    return again(async () => signIn(account, signal), signal);
  });
}

/** A step of the sign-in. Its error gives the reason as far as Authentik's API reveals it. */
async function explained<T>(
  settings: SignInArgs,
  context: Context,
  step: () => Promise<T>,
  begun?: BegunSignIn,
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const clientId = begun?.authorize.searchParams.get("client_id") ?? "";
    throw await explainFailure(error, { ...settings, clientId }, context);
  }
}

/** A session at zot, from the beginning: a state or a code that was lost on the way cannot be used again. */
async function signInAtZot(
  settings: SignInArgs,
  authentik: AuthentikSession,
  context: Context,
): Promise<Pick<SignedIn, "begun" | "zot">> {
  return again(async () => {
    const begun = await begin(settings, context);
    return { begun, zot: await finish(settings, begun, authentik, context) };
  }, context.signal);
}

/** The second half of a sign-in at zot: authorize, callback. */
async function finish(
  settings: SignInArgs,
  begun: BegunSignIn,
  authentik: AuthentikSession,
  context: Context,
): Promise<ZotSession> {
  const step = async () => finishSignIn(settings, begun, authentik, context.signal);
  return explained(settings, context, step, begun);
}

/**
 * Does something in a new session at zot, and then ends the session. Signing in makes zot reread the account's groups.
 *
 * @throws ZotAuthError with the diagnosis, if zot does not redirect to the sign-in
 */
export async function signedIn<T>(
  settings: SignInArgs,
  context: Context,
  use: (session: SignedIn) => Promise<T>,
): Promise<T> {
  const authentik = await signInAtAuthentik(settings, context);
  const { begun, zot } = await signInAtZot(settings, authentik, context);
  try {
    return await use({ authentik, begun, zot });
  } finally {
    await end(settings, zot, context);
  }
}

/** What was done in the session counts, even if it could not be ended. */
async function end({ registryUrl }: SignInArgs, { credentials }: ZotSession, context: Context): Promise<void> {
  try {
    await signOut(registryUrl, credentials);
  } catch (error) {
    if (!(error instanceof ZotAuthError)) throw error;
    context.warn(`A session at zot was not ended; it expires within two hours: ${error.message}`);
  }
}

/**
 * Throws the reason when the registry's key endpoint does not work.
 *
 * @returns the version that zot reports; empty if it reports none
 */
export async function assertKeyEndpoint(
  settings: SignInArgs,
  session: ZotCredentials,
  context: Context,
): Promise<string> {
  const seen = await observeKeyEndpoint(settings.registryUrl, session, context.signal);
  await assertHolds([diagnoseKeyEndpoint(seen)], async () => [
    diagnoseKeyEndpoint(seen, await configOf(settings, context)),
  ]);
  return seen.management?.version ?? "";
}

/** Throws the reason when a key that was created in this session may not push. */
export async function assertKeyPushes(
  settings: SignInArgs,
  made: { readonly key: Secret; readonly repository: string; readonly session: SignedIn; readonly zotVersion: string },
  context: Context,
): Promise<void> {
  const { key, repository, session, zotVersion } = made;
  const pushes = await pushesOf(settings, { key, repository, session: session.zot }, context.signal);
  if (pushes.key === 202) return;
  const claims = await claimsOf(settings, session.authentik, session.begun, context);
  const config = await configOf(settings, context);
  throw failed(diagnose(settings, { claims, pushes, zotVersion }, repository, config).filter(isFailed));
}

/**
 * The three checks on the live servers, for an existing key. Signs in again, but creates no key.
 *
 * @returns the verdicts, none of which fails
 * @throws ZotAuthError with the code of the first check that fails and the diagnosis of all that do
 */
export async function checkSignIn(
  settings: SignInArgs,
  used: { readonly key: Secret; readonly repository: string },
  context: Context,
): Promise<readonly Verdict[]> {
  const { signal } = context;
  const { registryUrl, username } = settings;
  // Before signing in: that refreshes the account's groups and would hide stale ones.
  const before = await push(registryUrl, { kind: "key", username, key: used.key }, used.repository, signal);
  const authentik = await signInAtAuthentik(settings, context);
  const begun = await begin(settings, context);
  const claims = await again(async () => claimsOf(settings, authentik, begun, context), signal);
  const { zot } = await signInAtZot(settings, authentik, context);
  const look = async () => {
    try {
      return await Promise.all([
        observeKeyEndpoint(registryUrl, zot.credentials, signal),
        pushesOf(settings, { ...used, session: zot }, signal),
      ]);
    } finally {
      await end(settings, zot, context);
    }
  };
  const [endpoint, pushes] = await look();
  const zotVersion = endpoint.management?.version ?? "";
  const seen = { claims, pushes: { ...pushes, before }, zotVersion };
  const judge = (config?: ConfigSeen): readonly Verdict[] => {
    const [claim, groups] = diagnose(settings, seen, used.repository, config);
    return [claim, diagnoseKeyEndpoint(endpoint, config), groups];
  };
  return assertHolds(judge(), async () => judge(await configOf(settings, context)));
}

/** Whether the credentials may begin an upload: 202, or why not. zot's garbage collection removes the upload. */
async function push(
  url: string,
  credentials: ZotCredentials,
  repository: string,
  signal: AbortSignal,
): Promise<number> {
  return (await new Registry(url, credentials, signal).startUpload(repository)).status;
}

async function pushesOf(
  { registryUrl, username }: SignInArgs,
  tried: { readonly key: Secret; readonly repository: string; readonly session: ZotSession },
  signal: AbortSignal,
): Promise<PushesSeen> {
  const { key, repository, session } = tried;
  const [ofSession, ofKey] = await Promise.all([
    push(registryUrl, session.credentials, repository, signal),
    push(registryUrl, { kind: "key", username, key }, repository, signal),
  ]);
  return { session: ofSession, key: ofKey, identity: session.identity };
}

function diagnose(
  { username, usernameClaim, ciGroup, groupsClaim, settings }: SignInArgs,
  seen: { readonly claims: ClaimsSeen; readonly pushes: PushesSeen; readonly zotVersion: string },
  repository: string,
  config?: ConfigSeen,
): readonly [Verdict, Verdict] {
  const claim = diagnoseGroupsClaim(seen.claims, ciGroup, seen.zotVersion, settings);
  const owner = { username, usernameClaim, ciGroup, groupsClaim, repository, settings };
  return [claim, diagnoseKeyGroups(seen.pushes, claim.outcome === "holds", owner, config)];
}

async function claimsOf(
  settings: SignInArgs,
  authentik: AuthentikSession,
  begun: BegunSignIn,
  context: Context,
): Promise<ClaimsSeen> {
  const { signal } = context;
  const { issuer, groupsClaim } = settings;
  const clientSecret = await resolveSecret(settings.clientSecret, signal);
  const step = async () => readClaims(authentik, begun.authorize, { issuer, clientSecret, groupsClaim }, signal);
  return explained(settings, context, step, begun);
}

/** Begins a sign-in at zot; if that is disabled, throws the reason. */
async function begin(settings: SignInArgs, context: Context): Promise<BegunSignIn> {
  const { registryUrl } = settings;
  try {
    return await beginSignIn(registryUrl, context.signal);
  } catch (error) {
    if (!(error instanceof ZotAuthError) || error.code !== "ZOT_LOGIN_OFF") throw error;
    const seen = await observeKeyEndpoint(registryUrl, undefined, context.signal);
    const verdict = diagnoseKeyEndpoint(seen, await configOf(settings, context));
    // It may have become available in the meantime.
    throw isFailed(verdict) ? failed([verdict]) : error;
  }
}

async function configOf({ configPlace }: SignInArgs, context: Context): Promise<ConfigSeen | undefined> {
  const look = await lookAtConfig(configPlace, context.signal);
  if ("config" in look) return look.config;
  context.warn(
    `${configPlace.configFile} on ${configPlace.host} could not be read (${look.problem}), so the diagnosis relies on the registry's responses alone.`,
  );
  return undefined;
}

/** Repeats the verdicts with more evidence if one fails. */
async function assertHolds(
  verdicts: readonly Verdict[],
  closer: () => Promise<readonly Verdict[]>,
): Promise<readonly Verdict[]> {
  if (!verdicts.some(isFailed)) return verdicts;
  throw failed((await closer()).filter(isFailed));
}

function failed(verdicts: readonly FailedVerdict[]): ZotAuthError {
  const text = verdicts.map((verdict) => `Check "${verdict.name}" failed: ${verdict.text}`).join("\n");
  return new ZotAuthError(verdicts[0]?.code ?? "SIGN_IN_UNCLEAR", text);
}
