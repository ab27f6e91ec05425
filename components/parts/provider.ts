import { ProviderResource } from "@pulumi/pulumi";
import type { ResourceOptions } from "@pulumi/pulumi";
import type { SecretReference } from "../../core/secrets/reference.ts";

/** How the provider opens 1Password: `connectUrl` with `connectToken`, or else the `op` CLI with `account` or `serviceAccountToken`. */
export interface ZotAuthProviderArgs {
  /** Address of a 1Password Connect server. Default: the `op` CLI is used. */
  readonly connectUrl?: string | undefined;
  /** The Connect server's token, required with `connectUrl`: `env:NAME` or `file:path`. Default: none. */
  readonly connectToken?: SecretReference | undefined;
  /** The account that `op` uses: its sign-in address or id. Default: the only account that `op` knows. */
  readonly account?: string | undefined;
  /** A service account's token for `op`: `env:NAME` or `file:path`. Default: none, `op` asks its desktop app. */
  readonly serviceAccountToken?: SecretReference | undefined;
}

/**
 * The provider of this package's resources. It runs on this machine and gets references to secrets, which it resolves where it uses them. Without
 * arguments it resolves `env:NAME` and `file:path`, and asks `op` for `op://vault/item/field`.
 */
export class ZotAuthProvider extends ProviderResource {
  constructor(name: string, args: ZotAuthProviderArgs = {}, options?: ResourceOptions) {
    super("zot-auth", name, { ...args }, options);
  }
}
