import type { Output } from "@pulumi/pulumi";
import type { Settings } from "../settings/schema.ts";
import type { AcceptanceResults } from "../components/acceptance.ts";
import type { KeyOutputs } from "../components/ciServiceAccount.ts";

/** What CI and people consume: a contract (docs/outputs.md). It never holds the key; the templates name the variable that does. */
export interface StackOutputs {
  readonly registryHost: string;
  readonly registryUrl: string;
  readonly zotVersion: string;
  readonly ciUser: string;
  /** Name of the Actions secret that holds the key. */
  readonly ciSecretName: string;
  /** What image names begin with: `<registry host>/<namespace>`. */
  readonly imagePrefix: string;
  readonly keyLabel: string;
  readonly keyUuid: string;
  /** First 16 hex digits of the key's SHA-256. */
  readonly keyFingerprint: string;
  /** RFC 3339, like the two dates below. */
  readonly keyCreated: string;
  readonly keyExpires: string;
  /** The time from which `pulumi up` replaces the key. */
  readonly keyRotates: string;
  /** Arguments for skopeo. `{source}`, `{name}` and `{tag}` are placeholders; `$…` is the variable with the secret. */
  readonly skopeoArgs: readonly string[];
  /** Arguments for `dagger call`, with the same placeholders. The secret is passed by the name of its variable. */
  readonly daggerArgs: readonly string[];
  readonly acceptance: AcceptanceResults;
}

export interface OutputsArgs {
  readonly settings: Settings;
  readonly version: string;
  readonly key: KeyOutputs;
  readonly results: Output<AcceptanceResults>;
}

export function stackOutputs({ settings, version, key, results }: OutputsArgs): {
  readonly [K in keyof StackOutputs]: StackOutputs[K] | Output<StackOutputs[K]>;
} {
  const { registry, ci, forgejo } = settings;
  const { host, protocol } = new URL(registry.url);
  const insecure = protocol === "http:";
  const prefix = `${host}/${ci.imagePrefix}`;
  return {
    registryHost: host,
    registryUrl: registry.url,
    zotVersion: version,
    ciUser: ci.user,
    ciSecretName: forgejo.secretName,
    imagePrefix: prefix,
    keyLabel: key.label,
    keyUuid: key.uuid,
    keyFingerprint: key.fingerprint,
    keyCreated: key.created,
    keyExpires: key.expires,
    keyRotates: key.rotates,
    skopeoArgs: [
      "copy",
      ...(insecure ? ["--dest-tls-verify=false"] : []),
      `--dest-creds=${ci.user}:$${forgejo.secretName}`,
      "{source}",
      `docker://${prefix}/{name}:{tag}`,
    ],
    daggerArgs: [
      "call",
      "publish",
      "--src=.",
      "--container-name={name}",
      "--version={tag}",
      `--registry-username=${ci.user}`,
      `--registry-password=env:${forgejo.secretName}`,
    ],
    acceptance: results,
  };
}
