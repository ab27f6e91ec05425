import { at, string } from "../../../core/json.ts";
import type { Context } from "../../../provider/resource.ts";
import { renderWayIn, wayInObjects } from "../blueprint/wayIn.ts";
import { Authentik } from "../client.ts";
import type { AuthentikConnection } from "../client.ts";
import { slugOf } from "../issuer.ts";
import { ifAllowed } from "../rights/check.ts";
import { oneAtATime } from "../../../core/queue.ts";
import { applyOnce, removeObjects } from "./removal.ts";

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
 * again.
 */
export async function withWayIn<T>(args: WayInArgs, context: Context, use: () => Promise<T>): Promise<T> {
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

async function applicationOf({ clientId, issuer, ...connection }: WayInArgs, signal: AbortSignal): Promise<string> {
  const authentik = new Authentik(connection, signal);
  const seen = await ifAllowed(async () => ({ provider: await authentik.oauth2ProviderOf(clientId) }));
  const slug = string(at(seen?.provider, "assigned_application_slug"));
  return slug === "" ? slugOf(issuer) : slug;
}
