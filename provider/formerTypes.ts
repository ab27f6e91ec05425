/** Types of earlier versions and what they are called now. A state may hold them until the first `up`, which renames them (docs/cleanup.md). */
export const FORMER_TYPES: Readonly<Record<string, string>> = {
  "zot-auth:authentik:DeclaredObjects": "zot-auth:authentik:ObjectCleanup",
  "zot-auth:forgejo:DeclaredSecrets": "zot-auth:forgejo:SecretCleanup",
  "zot-auth:zot:DeclaredKeys": "zot-auth:zot:KeyCleanup",
  "zot-auth:zot:RetiredKeys": "zot-auth:zot:OtherKeys",
};
