import { ComponentResource, all } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Output, Resource } from "@pulumi/pulumi";
import { toSeconds } from "../core/time/duration.ts";
import type { Duration } from "../core/time/duration.ts";
import type { SecretReference } from "../core/secrets/reference.ts";
import type { ServicesArgs } from "../systems/services/args.ts";
import type { AccessRow } from "../systems/zot/access/matrix.ts";
import type { SignInArgs } from "../systems/zot/signIn/check.ts";
import type { KeyOutputs } from "./ciServiceAccount.ts";
import { listOtherKeys } from "./parts/otherKeysListing.ts";
import { AccessProof, OtherKeys, Services, SignInProof, TestBuild } from "./parts/resources.ts";

/** A workflow that builds and pushes an image: it runs whenever the key changed, and must succeed. */
export interface TestBuildArgs {
  /** Forgejo's address. */
  readonly forgejoUrl: string;
  /** Reference to an API token that may dispatch workflows in the repository. */
  readonly forgejoToken: SecretReference;
  /** The repository that holds the workflow: `owner/name`. */
  readonly repository: string;
  /** The workflow's file name. */
  readonly workflow: string;
  /** The branch or tag that it runs on. */
  readonly ref: string;
  /** The workflow's inputs; never a secret. */
  readonly inputs: Readonly<Record<string, string>>;
  /** How long it may take. */
  readonly timeout: Duration;
}

export interface AcceptanceArgs {
  /** How the account signs in to Authentik and zot. */
  readonly signIn: SignInArgs;
  /** The key that is proved. */
  readonly key: KeyOutputs;
  /** Where the key is stored. */
  readonly keyStore: SecretReference;
  /** First part of the labels of our keys. */
  readonly owner: string;
  /** What the owners of all CI accounts of the stack begin with, if it has several: their keys are not taken for unmanaged ones. Default: it has one. */
  readonly stack?: string | undefined;
  /** Fingerprint of the OAuth2 client secret. A change repeats the sign-in. */
  readonly clientSecretFingerprint: Input<string>;
  /** SHA-256 of the config in force. A change repeats the proofs. */
  readonly configHash: Output<string>;
  /** The image repository for the proofs. One small tag stays there. */
  readonly repository: string;
  /** Who may do what: every row is tried on the live registry. */
  readonly expectedAccess: readonly AccessRow[];
  /** The other servers: whether each works is looked at too. Default: they are not. */
  readonly services?: ServicesArgs | undefined;
  /** A build in CI that proves the key where it is used. Default: none. */
  readonly testBuild?: TestBuildArgs | undefined;
  /** Further builds, side by side. Default: none. */
  readonly testBuilds?: readonly TestBuildArgs[];
  /** The name of the Actions secret that has the key. A workflow reads it by this name, so another one repeats the builds. Default: it never changes. */
  readonly secretName?: string;
  /** How long a replaced key stays valid, for jobs that started with it. */
  readonly gracePeriod: Duration;
  /** What to do with unmanaged keys of the account: report them, or revoke them in the `up` after the one that first reported them. */
  readonly unmanagedKeys: "report" | "revoke";
  /** Proves again although nothing changed: when that was asked for, RFC 3339. Default: proofs are repeated only after a change. */
  readonly again?: string | undefined;
  /** The component that gives the key to CI. Replaced keys are revoked after it. */
  readonly secrets: Resource;
}

/** What each proof found, in words. */
export interface AcceptanceResults {
  /** What each check of the sign-in found, by the check's name. */
  readonly signIn: Readonly<Record<string, string>>;
  /** How many checks of the access matrix passed. */
  readonly access: string;
  /** How many services work: `6 passed, 1 skipped`; absent if none was looked at. */
  readonly services?: string;
  /** When they did, RFC 3339: the checks run again when the config, the client secret or the key changes. */
  readonly checked: string;
  /** How the test builds ended; absent without one. */
  readonly build?: string;
}

/**
 * The test plan: it proves every claim on the live system, and again whenever the config, the client secret or the key changed. Replaced keys are revoked only after
 * it has passed.
 */
export class Acceptance extends ComponentResource {
  /** The proofs' results, by name. */
  readonly results: Output<AcceptanceResults>;

  constructor(name: string, args: AcceptanceArgs, options?: ComponentResourceOptions) {
    super("zot-auth:index:Acceptance", name, {}, options);
    const { signIn, key, keyStore: source, owner, stack, repository, secrets } = args;
    const { registryUrl, username } = signIn;
    const account = { registryUrl, username, source };
    const repeated = args.again === undefined ? {} : { again: args.again };
    const proves = { config: args.configHash, key: key.fingerprint };
    const signInProof = new SignInProof(
      `${name}-sign-in`,
      { ...signIn, ...repeated, source, repository, proves: { ...proves, clientSecret: args.clientSecretFingerprint } },
      { parent: this },
    );
    // After the sign-in, which says why a key may not push, and refreshes stale groups.
    const accessProof = new AccessProof(
      `${name}-access`,
      { ...account, ...repeated, repository, expected: args.expectedAccess, proves },
      { parent: this, dependsOn: [signInProof] },
    );
    const { testBuild, testBuilds = [] } = args;
    const formerly = (position: number): string => `${name}-build${position === 0 ? "" : `-${position + 1}`}`;
    const named = [
      ...(testBuild === undefined ? [] : [{ build: testBuild, called: formerly(0) }]),
      ...testBuilds.map((build, index) => ({
        build,
        called: `${name}-build-${buildName(build, testBuilds.slice(0, index))}`,
      })),
    ];
    const builds = named.map(
      ({ build, called }, position) =>
        new TestBuild(
          called,
          {
            ...build,
            ...repeated,
            timeout: toSeconds(build.timeout),
            proves: { key: key.fingerprint, ...(args.secretName === undefined ? {} : { secretName: args.secretName }) },
          },
          {
            parent: this,
            dependsOn: [secrets],
            // Earlier versions named them by their positions.
            aliases: called === formerly(position) ? [] : [{ name: formerly(position) }],
          },
        ),
    );
    const otherKeys = new OtherKeys(
      `${name}-other-keys`,
      {
        ...account,
        owner,
        stack,
        formerOwners: key.formerOwners,
        uuid: key.uuid,
        superseded: key.superseded,
        former: key.former,
        formerStores: key.formerStores,
        gracePeriod: toSeconds(args.gracePeriod),
        unmanagedKeys: args.unmanagedKeys,
        listing: listOtherKeys(
          {
            ...account,
            owner,
            stack,
            formerOwners: key.formerOwners,
            uuid: key.uuid,
            fingerprint: key.fingerprint,
            unmanagedKeys: args.unmanagedKeys,
          },
          { parent: this },
        ),
      },
      {
        parent: this,
        dependsOn: [secrets, accessProof, ...builds],
        aliases: [{ type: "zot-auth:zot:RetiredKeys", name: `${name}-retired-keys` }],
      },
    );
    // After everything else: it shows the state in which `up` leaves the servers, and one that is down does not keep replaced keys from being revoked.
    const services = (args.services === undefined ? [] : [args.services]).map(
      (service) =>
        new Services(
          `${name}-services`,
          { ...service, ...repeated, registryUrl, proves: { ...proves, clientSecret: args.clientSecretFingerprint } },
          { parent: this, dependsOn: [otherKeys] },
        ),
    );
    const proofs = all([
      signInProof.checks,
      accessProof.result,
      accessProof.checked,
      all(services.map((service) => service.result)),
      all(builds.map((build) => build.result)),
    ]);
    this.results = proofs.apply(([checks, access, checked, working, built]) => ({
      signIn: Object.fromEntries(checks.map((check) => [check.name, check.result])),
      access,
      checked,
      ...(working[0] === undefined ? {} : { services: working[0] }),
      ...(built.length === 0 ? {} : { build: [...new Set(built)].join(", ") }),
    }));
    this.registerOutputs();
  }
}

/** By what it builds, so that none runs again because another one left the list. */
function buildName({ repository, workflow }: TestBuildArgs, earlier: readonly TestBuildArgs[]): string {
  const same = earlier.filter((other) => other.repository === repository && other.workflow === workflow).length;
  return `${repository}/${workflow}${same === 0 ? "" : `-${same + 1}`}`;
}
