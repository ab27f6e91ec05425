import { all } from "@pulumi/pulumi";
import type { Output } from "@pulumi/pulumi";
import type { Settings } from "../../settings/schema.ts";
import { markerName } from "../../systems/forgejo/target.ts";
import type { RegisteredAccount } from "../accounts/ciAccount.ts";
import type { RegisteredJobAccount } from "../accounts/jobAccount.ts";
import type { StackOutputs } from "./outputsSchema.ts";

export interface OutputsArgs {
  readonly settings: Settings;
  readonly version: string;
  /** At least one. */
  readonly accounts: readonly RegisteredAccount[];
  readonly jobAccounts: readonly RegisteredJobAccount[];
}

/** The stack's outputs: a contract (docs/reference/outputs.md). */
export function stackOutputs({ settings, version, accounts, jobAccounts }: OutputsArgs): {
  readonly [K in keyof StackOutputs]: StackOutputs[K] | Output<StackOutputs[K]>;
} {
  const { registry } = settings;
  const [main] = accounts;
  if (main === undefined) throw new TypeError("a stack has at least one account");
  const { account, key, results } = main;
  const { user, secretName } = account;
  const [namespace] = account.prefixes;
  const { host, protocol } = new URL(registry.url);
  const insecure = protocol === "http:";
  const prefix = `${host}/${namespace}`;
  return {
    registryHost: host,
    registryUrl: registry.url,
    zotVersion: version,
    ciUser: user,
    ciSecretName: secretName,
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
      `--username=${user}`,
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
      `--prefix=${namespace}`,
      "publish",
      "--src=.",
      "--container-name={name}",
      "--version={version}",
      "--commit-sha={sha}",
      `--registry-username=${user}`,
      `--registry-password=env:${secretName}`,
    ],
    acceptanceResult: results,
    ciAccounts: outputsOf(accounts, host),
    ciJobTokens: jobOutputsOf(jobAccounts, host),
  };
}

/** Each account's outputs by its id. */
function outputsOf(accounts: readonly RegisteredAccount[], host: string): Output<StackOutputs["ciAccounts"]> {
  const entries = accounts.map(({ id, account, key, results }) =>
    all([
      all([key.label, key.uuid, key.fingerprint]),
      all([key.created, key.expires, key.rotates]),
      results.access,
    ]).apply(([[keyLabel, keyUuid, keyFingerprint], [keyCreated, keyExpires, keyRotates], access]) => {
      const { user, secretName } = account;
      const imagePrefixes = account.prefixes.map((prefix) => `${host}/${prefix}`);
      const key = { keyLabel, keyUuid, keyFingerprint, keyCreated, keyExpires, keyRotates };
      return [id, { user, secretName, imagePrefixes, ...key, access }] as const;
    }),
  );
  return all(entries).apply((known) => Object.fromEntries(known));
}

function jobOutputsOf(accounts: readonly RegisteredJobAccount[], host: string): Output<StackOutputs["ciJobTokens"]> {
  const entries = accounts.map(({ id, account, audience, result }) =>
    result.apply((proof) => {
      const { user, name, prefixes } = account;
      const imagePrefixes = prefixes.map((prefix) => `${host}/${prefix}`);
      const proved = proof === undefined ? {} : { proof };
      return [id, { user, audience, variableName: markerName(name), imagePrefixes, ...proved }] as const;
    }),
  );
  return all(entries).apply((known) => Object.fromEntries(known));
}
