import * as z from "zod";

const date = (what: string) => z.iso.datetime().describe(`${what} RFC 3339.`);

/**
 * What CI and people consume: a contract, from which docs/reference/outputs.md and docs/reference/outputs.schema.json are generated. No output is secret; the templates
 * name the variable that holds the key.
 */
export const outputsSchema = z
  .strictObject({
    registryHost: z.string().describe("Host and port of the registry: `registry.example.net`."),
    registryUrl: z.url().describe("Address of the registry."),
    zotVersion: z.string().describe("Version of zot on the host: `2.1.20`."),
    ciUser: z.string().describe("The account that CI pushes with."),
    ciSecretName: z.string().describe("Name of the Actions secret that holds its key."),
    imagePrefix: z.string().describe("What image names begin with: `registry.example.net/blumeops`."),
    keyLabel: z.string().describe("The key's label in zot: `zot-auth/<stack>/<generation>`."),
    keyUuid: z.string().describe("The key's id in zot."),
    keyFingerprint: z
      .string()
      .regex(/^[0-9a-f]{16}$/)
      .describe('First 16 hex digits of the key\'s SHA-256: `printf %s "$ZOT_CI_API_KEY" | sha256sum | cut -c1-16`.'),
    keyCreated: date("When the key was created."),
    keyExpires: date("When it expires."),
    keyRotates: date("The time from which `pulumi up` replaces it."),
    skopeoLoginArgs: z
      .array(z.string())
      .describe(
        "Arguments for `skopeo`: signs in, with the key on standard input. Set `REGISTRY_AUTH_FILE` to a file that only the job can read.",
      ),
    skopeoCopyArgs: z
      .array(z.string())
      .describe("Arguments for `skopeo`: pushes, once signed in. Replace `{source}`, `{name}` and `{tag}`."),
    daggerArgs: z
      .array(z.string())
      .describe(
        "Arguments for `dagger` and the module's `publish`. Replace `{name}`, `{version}` and `{sha}`. Dagger reads the key from its variable, as a secret.",
      ),
    acceptanceResult: z
      .strictObject({
        signIn: z.record(z.string(), z.string()).describe("What each check of the sign-in found, by the check's name."),
        access: z.string().describe("How many checks of the access matrix passed: `15 of 15 checks passed`."),
        checked: date("When they did: the checks run again when the config, the client secret or the key changes."),
        services: z
          .string()
          .optional()
          .describe("How many of the services work: `6 passed, 1 skipped`. `npm run check` shows what does not."),
        build: z.string().optional().describe("How the test builds ended, if any are configured: `success`."),
      })
      .describe("The proof on the live registry."),
    ciAccounts: z
      .record(
        z.string(),
        z.strictObject({
          user: z.string().describe("Its user name."),
          secretName: z.string().describe("Name of the Actions secret that holds its key."),
          imagePrefixes: z.array(z.string()).describe("What its image names begin with."),
          keyLabel: z.string().describe("The key's label in zot: `zot-auth/<stack>/<id>/<generation>`."),
          keyUuid: z.string().describe("The key's id in zot."),
          keyFingerprint: z.string().describe("As `keyFingerprint`."),
          keyCreated: date("When the key was created."),
          keyExpires: date("When it expires."),
          keyRotates: date("The time from which `pulumi up` replaces it."),
          access: z.string().describe("How many checks of its access passed."),
        }),
      )
      .describe(
        "Each account of `ci.accounts` with a key, by its id: `ci` without that setting. The outputs above are those of the first one.",
      ),
    ciJobTokens: z
      .record(
        z.string(),
        z.strictObject({
          user: z
            .string()
            .describe("What the user names of its jobs begin with in zot: `<user>/<owner>/<repository>`."),
          audience: z.string().describe("What a job asks its token for."),
          variableName: z.string().describe("Name of the Actions variable that says where and how jobs push."),
          imagePrefixes: z.array(z.string()).describe("What its image names begin with."),
          proof: z.string().optional().describe("How the proof by a job ended, if there is one: `success`."),
        }),
      )
      .describe("Each account of `ci.accounts` whose jobs push with their own tokens, by its id."),
  })
  .describe("Outputs of a zot-auth stack");

/** The outputs of a stack, under the names that `pulumi stack output` shows. */
export type StackOutputs = z.output<typeof outputsSchema>;
