import type { Output } from "@pulumi/pulumi";
import type { Settings } from "../settings/schema.ts";
import type { AcceptanceResults } from "../components/acceptance.ts";
import type { KeyOutputs } from "../components/ciServiceAccount.ts";
import type { StackOutputs } from "./outputsSchema.ts";

export interface OutputsArgs {
  readonly settings: Settings;
  readonly version: string;
  readonly key: KeyOutputs;
  readonly results: Output<AcceptanceResults>;
}

/** The stack's outputs: a contract (docs/outputs.md). */
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
    skopeoLoginArgs: [
      "login",
      ...(insecure ? ["--tls-verify=false"] : []),
      `--username=${ci.user}`,
      "--password-stdin",
      host,
    ],
    skopeoCopyArgs: [
      "copy",
      ...(insecure ? ["--dest-tls-verify=false"] : []),
      "{source}",
      `docker://${prefix}/{name}:{tag}`,
    ],
    daggerArgs: [
      "call",
      `--registry=${host}`,
      `--prefix=${ci.imagePrefix}`,
      "publish",
      "--src=.",
      "--container-name={name}",
      "--version={version}",
      "--commit-sha={sha}",
      `--registry-username=${ci.user}`,
      `--registry-password=env:${forgejo.secretName}`,
    ],
    acceptanceResult: results,
  };
}
