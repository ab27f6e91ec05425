import * as z from "zod";
import { duration, name, text } from "../../../core/settings/types.ts";
import { glob } from "../access/globs/setting.ts";
import { USERNAME_CLAIM } from "../signIn/usernameClaim.ts";
import { regularExpression } from "./syntax/regularExpression.ts";

const count = z.int({ error: "a whole number of 1 or more" }).min(1);
const globs = z.array(glob).min(1, { error: "a list of at least one glob of repository names" });

const kept = (what: "tags" | "untagged manifests") => ({
  pulledWithin: duration.optional().describe(`Keep ${what} that were pulled within this time.`),
  pushedWithin: duration.optional().describe(`Keep ${what} that were pushed within this time.`),
  mostRecentlyPulledCount: count.optional().describe(`Keep this many of the most recently pulled ${what}.`),
  mostRecentlyPushedCount: count.optional().describe(`Keep this many of the most recently pushed ${what}.`),
});

const retention = z.strictObject({
  dryRun: z.boolean().default(false).describe("Only log what zot would delete."),
  delay: duration
    .default("24 hours")
    .describe(
      "How old untagged manifests, and referrers whose subject is gone, must be before zot deletes them. It does not protect tags: a tag that is not kept is removed at the next run.",
    ),
  policies: z
    .array(
      z.strictObject({
        repositories: globs.describe(
          "Globs of repository names. For each repository, only the first policy with a matching glob counts, not the longest glob; without one, all tags are kept.",
        ),
        deleteReferrers: z.boolean().default(false).describe("Delete referrers whose subject no longer exists."),
        deleteUntagged: z.boolean().default(true).describe("Delete untagged manifests."),
        keepUntagged: z
          .strictObject(kept("untagged manifests"))
          .optional()
          .describe("Which untagged manifests to keep. zot 2.1.19 or later."),
        keepTags: z
          .array(
            z.strictObject({
              patterns: z
                .array(regularExpression)
                .default([])
                .describe(
                  "Regular expressions (Go's, RE2) of tags. They match anywhere in a tag: `v1` also matches `dev12`, `^v1$` does not. An empty list matches all tags.",
                ),
              ...kept("tags"),
            }),
          )
          .default([])
          .describe(
            "Which tags to keep. For each tag, only the first rule with a matching pattern decides: it keeps the tag if one of its conditions holds, or if it has none. **If there is any rule here, zot deletes every tag that its rule does not keep, and every tag without a rule.**",
          ),
      }),
    )
    .min(1, { error: "a list of at least one policy" })
    .describe("What to keep in which repositories."),
});

const cleaning = {
  dedupe: z.boolean().optional().describe("Whether to store identical blobs only once. zot's default: true."),
  gc: z.boolean().default(true).describe("Whether zot's garbage collection removes unreferenced blobs and manifests."),
  gcDelay: duration.default("1 hour").describe("The minimum age of what the garbage collection removes."),
  gcInterval: duration.default("24 hours").describe("How often the garbage collection runs."),
  retention: retention
    .optional()
    .describe(
      "Which tags and untagged manifests zot keeps; its garbage collection deletes all others. Try it with `dryRun` first. Default: keep all tags.",
    ),
};

const storage = z.strictObject({
  ...cleaning,
  commit: z.boolean().optional().describe("Whether to flush every write to disk immediately."),
  maxRepos: count.optional().describe("The maximum number of repositories. zot 2.1.16 or later."),
  fastRestart: z
    .boolean()
    .optional()
    .describe("Whether zot trusts its existing index when it starts. zot 2.1.18 or later."),
  subPaths: z
    .record(
      z.string().regex(/^\/[A-Za-z0-9._/-]+$/, { error: "the path of a namespace, such as /big" }),
      z.strictObject({ dataDirectory: text.describe("The folder on the host."), ...cleaning }),
    )
    .default({})
    .describe("Separate folders for some namespaces, by path: `/big`. A change restarts zot and does not move images."),
});

const timeout = z
  .union([z.literal("default"), duration], { error: 'a duration such as "1 hour" or "90 seconds", or default' })
  .optional();

const http = z.strictObject({
  tls: z
    .strictObject({
      cert: text.describe("Path of the certificate on the host. zot 2.1.15 and later reload it when it changes."),
      key: text.describe("Path of the certificate's key on the host."),
      caCert: text
        .optional()
        .describe("Path of a CA on the host. Clients may then sign in with certificates of this CA."),
    })
    .optional()
    .describe("TLS in zot itself. Omit it if a proxy in front of zot terminates TLS."),
  realm: text.optional().describe("The realm that zot sends to clients."),
  allowOrigin: text.optional().describe("Other origins that may call zot from a browser (CORS), separated by commas."),
  readTimeout: timeout.describe(
    "The maximum time for reading a request, such as the upload of a layer. Default: 1 hour for zot 2.1.17 and later, whose own default of 60 seconds interrupts pushes over slow connections; older releases have no limit. `default` omits it from the config, so that zot's own default applies.",
  ),
  writeTimeout: timeout.describe(
    "The maximum time from the start of a request to the end of its response, such as the download of a layer. Same default as `readTimeout`.",
  ),
  compat: z
    .array(z.enum(["docker2s2"]))
    .default([])
    .describe("`docker2s2`: also accept images in Docker's format."),
});

const auth = z.strictObject({
  secureSession: z
    .boolean()
    .optional()
    .describe(
      "Whether session cookies are restricted to https. Default: true if `registry.url` is https, because zot cannot detect a TLS proxy.",
    ),
  sessionKeysFile: text
    .regex(/\.json$/, { error: "a path that ends in .json (zot accepts no other)" })
    .optional()
    .describe(
      "A file on the host with the keys that sign sessions, so that users stay signed in when zot restarts. It is created with mode 0600 if it does not exist; the keys never leave the host. A change restarts zot, signs everyone out, and removes the old file if it was generated.",
    ),
  failDelay: duration.optional().describe("How long zot delays its response to an invalid password or key."),
  scopes: z
    .array(name)
    .min(1)
    .default(["openid", "email", "profile"])
    .refine((scopes) => scopes.includes("openid"), { error: "a list that contains openid" })
    .describe("The scopes that zot requests. `profile` includes the groups."),
  usernameClaim: name
    .default(USERNAME_CLAIM)
    .describe(
      "The claim that zot uses as the user name. For CI's account it must hold `ci.user`, as `preferred_username` and `nickname` do: keys work with that name only. Where the claim is missing, zot uses the e-mail address; the preview warns of a claim that Authentik does not send of its own accord.",
    ),
  groupsClaim: name
    .optional()
    .describe("The claim that contains the user's groups. Default: `groups`. zot 2.1.17 or later."),
  providerName: text.optional().describe("The identity provider's name on the sign-in button."),
  callbackAllowOrigins: z
    .array(z.url())
    .default([])
    .describe("Other origins that zot may redirect to after a sign-in. zot 2.1.15 or later."),
});

const log = z.strictObject({
  level: z
    .enum(["trace", "debug", "info", "warn", "error"])
    .default("info")
    .describe("zot's log level. At `info` and below, zot logs session cookies."),
  output: text.optional().describe("The log file on the host. Default: standard output."),
  audit: text.optional().describe("The audit log's file on the host: who changed what. Default: none."),
});

const metrics = z.strictObject({
  enable: z.boolean().default(true).describe("Whether zot serves metrics for Prometheus."),
  path: z
    .string()
    .regex(/^\/\S+$/, { error: "a path that begins with a slash, such as /metrics" })
    .default("/metrics")
    .describe("The path of the metrics."),
});

const search = z.strictObject({
  enable: z.boolean().default(true).describe("Whether images can be searched. The web page needs it."),
  cve: z.boolean().default(true).describe("Whether zot scans images for known vulnerabilities with Trivy."),
  cveUpdateInterval: duration.default("24 hours").describe("How often zot updates Trivy's database. At least 2 hours."),
  trivyDatabase: text.optional().describe("The image of Trivy's database. Default: Trivy's own."),
  trivyJavaDatabase: text.optional().describe("The image of Trivy's Java database. Default: Trivy's own."),
});

const sync = z.strictObject({
  credentialsFile: text
    .regex(/\.json$/, { error: "a path that ends in .json" })
    .optional()
    .describe(
      "A file on the host, written by you, with credentials for the registries that zot mirrors. An error without `registry.pullThrough` or a registry in `zot.extra`.",
    ),
  downloadDir: text.optional().describe("The folder on the host for downloads. Default: the data directory."),
});

/** The parts of zot's config besides sign-in and access, under zot's own names. */
export const zot = z.strictObject({
  storage: storage.prefault({}).describe("Storage, garbage collection and retention."),
  http: http.prefault({}).describe("The HTTP server."),
  auth: auth.prefault({}).describe("Sessions, and claims of the identity provider."),
  log: log.prefault({}).describe("Logging."),
  metrics: metrics.prefault({}).describe("Prometheus metrics."),
  search: search.prefault({}).describe("Search and vulnerability scans."),
  ui: z.boolean().default(true).describe("Whether zot serves its web page. It needs search."),
  sync: sync.prefault({}).describe("How zot fetches images for `registry.pullThrough`."),
  scrubInterval: duration
    .optional()
    .describe("How often zot checks the integrity of all stored blobs. Default: never."),
  mandatoryAnnotations: z
    .array(text)
    .default([])
    .describe("Annotations that every image must have; zot rejects others."),
  extra: z
    .record(z.string(), z.unknown())
    .default({})
    .describe(
      "Any other part of zot's config, as in its file: `{extensions: {events: {…}}}`. It is merged into the config and validated against the schema of the zot on the host. It cannot override other settings, nor let CI overwrite or delete what it pushed. Never put a secret here.",
    ),
});

export type ZotSettings = z.output<typeof zot>;
