/** Former type names and their current ones. A state may hold the former until the first `up`, which renames them (docs/background/cleanup.md). */
export const FORMER_TYPES: Readonly<Record<string, string>> = {
  "zot-auth:authentik:DeclaredObjects": "zot-auth:authentik:ObjectCleanup",
  "zot-auth:forgejo:DeclaredSecrets": "zot-auth:forgejo:SecretCleanup",
  "zot-auth:zot:DeclaredKeys": "zot-auth:zot:KeyCleanup",
  "zot-auth:zot:RetiredKeys": "zot-auth:zot:OtherKeys",
};
