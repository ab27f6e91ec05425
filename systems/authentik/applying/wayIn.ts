import { at, string } from "../../../core/json.ts";
import type { Context } from "../../../provider/resource.ts";
import { WAY_IN, WAY_IN_OBJECTS, renderWayIn, wayInObjects } from "../blueprint/wayIn.ts";
import { Authentik } from "../client.ts";
import type { AuthentikConnection } from "../client.ts";
import { slugOf } from "../issuer.ts";
import { ifAllowed } from "../rights/check.ts";
import { oneAtATime } from "../../../core/concurrency/queue.ts";
import { applyOnce, removeObjects } from "./removal/removal.ts";

/** The account, and how to find the application that it signs in to. */
export interface WayInArgs extends AuthentikConnection {
  readonly username: string;
  /** The OAuth2 client id of the application's provider. */
  readonly clientId: string;
  /** The application's issuer, as last known; it names the application where the token may not view its provider. */
  readonly issuer: string;
  /** Seconds for Authentik to apply a blueprint. */
  readonly timeout: number;
}

/**
 * Lets an account sign in that the settings no longer declare, and removes it afterwards. If a run is interrupted in between, the next one does it
 * again, or {@link removeLeftWayIn} removes what is left. Two accounts have the same way in, so one waits for the other.
 */
export async function withWayIn<T>(args: WayInArgs, context: Context, use: () => Promise<T>): Promise<T> {
  return oneAtATime(`the way in at ${args.authentikUrl}`, async () => lettingIn(args, context, use));
}

async function lettingIn<T>(args: WayInArgs, context: Context, use: () => Promise<T>): Promise<T> {
  const { username, authentikUrl } = args;
  const way = { username, application: await applicationOf(args, context.signal) };
  context.progress(`letting the account ${username} sign in once more: only it can list its keys`);
  await oneAtATime(authentikUrl, async () => applyOnce(args, `the keys of ${username}`, renderWayIn(way), context));
  const result = await use();
  await oneAtATime(authentikUrl, async () =>
    removeObjects(args, `the account ${username}`, wayInObjects(way), context),
  );
  return result;
}

/** Whether a run that was killed has left the way in. */
export async function isWayInLeft(authentik: Authentik): Promise<boolean> {
  return (await ifAllowed(async () => authentik.hasFlow(WAY_IN))) === true;
}

/** Removes the way in that a run which was killed has left, and not the account. Call it within `oneAtATime`, and not while an account may be using it. */
export async function removeLeftWayIn(
  connection: AuthentikConnection & { readonly timeout: number },
  context: Context,
): Promise<void> {
  if (await isWayInLeft(new Authentik(connection, context.signal)))
    await removeObjects(connection, "the way in", WAY_IN_OBJECTS, context);
}

async function applicationOf({ clientId, issuer, ...connection }: WayInArgs, signal: AbortSignal): Promise<string> {
  const authentik = new Authentik(connection, signal);
  const seen = await ifAllowed(async () => ({ provider: await authentik.oauth2ProviderOf(clientId) }));
  const slug = string(at(seen?.provider, "assigned_application_slug"));
  return slug === "" ? slugOf(issuer) : slug;
}
