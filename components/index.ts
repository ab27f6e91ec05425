// The library's entry: each component can be used alone, in a Pulumi program of your own (docs/components.md).
export { Acceptance } from "./acceptance.ts";
export type { AcceptanceArgs, AcceptanceResults, TestBuildArgs } from "./acceptance.ts";
export { AuthentikAccess } from "./authentikAccess.ts";
export type { AuthentikAccessArgs } from "./authentikAccess.ts";
export type { ArgoCdArgs } from "./blueprintDelivery.ts";
export { CiServiceAccount } from "./ciServiceAccount.ts";
export type { CiServiceAccountArgs, KeyOutputs } from "./ciServiceAccount.ts";
export { ForgejoSecret } from "./forgejoSecret.ts";
export type { ForgejoSecretArgs, OtherSecret, StoredKey } from "./forgejoSecret.ts";
export { lookAtHost } from "./lookAtHost.ts";
export { ZotAuthProvider } from "./provider.ts";
export type { ZotAuthProviderArgs } from "./provider.ts";
export { ZotServer } from "./zotServer.ts";
export type { ZotServerArgs } from "./zotServer.ts";
