import * as z from "zod";
import { duration, name, text } from "../../../core/settings/types.ts";

const count = z.int({ error: "a whole number, 1 or more" }).min(1);
const globs = z.array(text).min(1, { error: "at least one glob of repository names" });

const kept = {
  pulledWithin: duration.optional().describe("Keep what was pulled within this time."),
  pushedWithin: duration.optional().describe("Keep what was pushed within this time."),
  mostRecentlyPulledCount: count.optional().describe("Keep so many, the most recently pulled."),
  mostRecentlyPushedCount: count.optional().describe("Keep so many, the most recently pushed."),
};

const retention = z.strictObject({
  dryRun: z.boolean().default(false).describe("Only log what would be deleted."),
  delay: duration.default("24 hours").describe("How old what is deleted has to be at least."),
  policies: z
    .array(
      z.strictObject({
        repositories: globs.describe("The repositories, by glob. The first policy that matches decides."),
        deleteReferrers: z.boolean().default(false).describe("Delete referrers whose subject is gone."),
        deleteUntagged: z.boolean().default(true).describe("Delete manifests without a tag."),
        keepUntagged: z.strictObject(kept).optional().describe("Which of those stay. zot 2.1.19 or later."),
        keepTags: z
          .array(
            z.strictObject({
              patterns: z.array(text).default([]).describe("Regular expressions of tags. None: all tags."),
              ...kept,
            }),
          )
          .default([])
          .describe("Which tags stay. **With any rule here, every tag that none of them keeps is deleted.**"),
      }),
    )
    .min(1, { error: "at least one policy" })
    .describe("What is kept."),
});

const cleaning = {
  dedupe: z.boolean().optional().describe("Whether blobs that are the same are stored once. zot's default: true."),
  gc: z.boolean().default(true).describe("Whether zot removes blobs and manifests that nothing refers to."),
  gcDelay: duration.default("1 hour").describe("How old such a blob has to be."),
  gcInterval: duration.default("24 hours").describe("How often zot looks for them."),
  retention: retention
    .optional()
    .describe("Which tags zot keeps; it deletes the others. Without it, all. A change restarts zot."),
};

const storage = z.strictObject({
  ...cleaning,
  commit: z.boolean().optional().describe("Whether every write is flushed to disk at once. A change restarts zot."),
  maxRepos: count
    .optional()
    .describe("How many repositories there may be. zot 2.1.16 or later. A change restarts zot."),
  fastRestart: z
    .boolean()
    .optional()
    .describe("Whether a start trusts what was indexed before. zot 2.1.18 or later. A change restarts zot."),
  subPaths: z
    .record(
      z.string().regex(/^\/[A-Za-z0-9._/-]+$/, { error: "the path of a namespace, such as /big" }),
      z.strictObject({ dataDirectory: text.describe("The folder on the host."), ...cleaning }),
    )
    .default({})
    .describe(
      "Folders of their own for some namespaces, by path: `/big`. A change restarts zot, without moving images.",
    ),
});

const http = z.strictObject({
  tls: z
    .strictObject({
      cert: text.describe("Path of the certificate on the host. zot 2.1.15 and later notice when the file changes."),
      key: text.describe("Path of its key."),
      caCert: text.optional().describe("Path of the CA of client certificates, which then count as a way to sign in."),
    })
    .optional()
    .describe("Leave it out when a proxy in front of zot does TLS. A change restarts zot."),
  realm: text.optional().describe("The realm that clients are shown. A change restarts zot."),
  allowOrigin: text.optional().describe("Origins of other pages that may call zot, by commas. A change restarts zot."),
  readTimeout: duration.optional().describe("How long a request may take to arrive. zot 2.1.17 or later."),
  writeTimeout: duration.optional().describe("How long an answer may take. zot 2.1.17 or later."),
  compat: z
    .array(z.enum(["docker2s2"]))
    .default([])
    .describe("`docker2s2`: also take images in Docker's older format. A change restarts zot."),
});

const auth = z.strictObject({
  secureSession: z
    .boolean()
    .optional()
    .describe(
      "Whether session cookies are for https only. Default: true when `registry.url` is https, since behind a TLS proxy zot does not know it.",
    ),
  sessionKeysFile: text
    .regex(/\.json$/, { error: "a path that ends in .json (zot refuses any other)" })
    .optional()
    .describe(
      "A file on the host with the keys that protect sessions, so that people stay signed in over a restart. Made when it is missing, mode 0600; the keys never leave the host. A change restarts zot.",
    ),
  failDelay: duration.optional().describe("How long zot waits before it answers a wrong password or key."),
  scopes: z
    .array(name)
    .min(1)
    .default(["openid", "email", "profile"])
    .refine((scopes) => scopes.includes("openid"), { error: "scopes that hold openid" })
    .describe("The scopes that zot asks for; the groups come in `profile`. A change restarts zot."),
  usernameClaim: name.default("preferred_username").describe("The claim that is the user's name in zot."),
  groupsClaim: name.optional().describe("The claim that holds the groups. Default: `groups`. zot 2.1.17 or later."),
  providerName: text.optional().describe("What the sign-in button says."),
  callbackAllowOrigins: z
    .array(z.url())
    .default([])
    .describe("Other origins that a sign-in may return to. zot 2.1.15 or later."),
});

const log = z.strictObject({
  level: z
    .enum(["trace", "debug", "info", "warn", "error"])
    .default("info")
    .describe("zot's log level. At info and below it writes session cookies into its log. A change restarts zot."),
  output: text.optional().describe("The log's file on the host. Default: standard output. A change restarts zot."),
  audit: text
    .optional()
    .describe("A file that names, for every change, who made it. Default: none. A change restarts zot."),
});

const metrics = z.strictObject({
  enable: z.boolean().default(true).describe("Whether there are metrics for Prometheus. A change restarts zot."),
  path: z
    .string()
    .regex(/^\/\S+$/, { error: "a path that begins with a slash, such as /metrics" })
    .default("/metrics")
    .describe("Where they are. A change restarts zot."),
});

const search = z.strictObject({
  enable: z.boolean().default(true).describe("Whether images can be searched; the web page needs it."),
  cve: z.boolean().default(true).describe("Whether images are scanned for known vulnerabilities (Trivy)."),
  cveUpdateInterval: duration
    .default("24 hours")
    .describe("How often the scanner's database is fetched; 2 hours at least."),
  trivyDatabase: text.optional().describe("The image of Trivy's database, when not its own."),
  trivyJavaDatabase: text.optional().describe("The image of Trivy's Java database, when not its own."),
});

const sync = z.strictObject({
  credentialsFile: text
    .regex(/\.json$/, { error: "a path that ends in .json" })
    .optional()
    .describe("A file of yours on the host with the accounts at the registries of `registry.pullThrough`."),
  downloadDir: text.optional().describe("Where images are put together. Default: the data directory."),
});

/** What zot's config says beside sign-in and access. The names are zot's own. */
export const zot = z.strictObject({
  storage: storage.prefault({}).describe("How images are stored and cleaned up."),
  http: http.prefault({}).describe("The HTTP server."),
  auth: auth.prefault({}).describe("Sessions, and what zot takes from the identity provider."),
  log: log.prefault({}).describe("What zot logs."),
  metrics: metrics.prefault({}).describe("Prometheus metrics."),
  search: search.prefault({}).describe("Search and vulnerabilities."),
  ui: z.boolean().default(true).describe("Whether zot has a web page. It needs search. A change restarts zot."),
  sync: sync.prefault({}).describe("How pull-through images are fetched."),
  scrubInterval: duration.optional().describe("How often zot checks all stored blobs for damage. Default: never."),
  mandatoryAnnotations: z
    .array(text)
    .default([])
    .describe("Annotations without which zot refuses an image. A change restarts zot."),
  extra: z
    .record(z.string(), z.unknown())
    .default({})
    .describe(
      "Anything else of zot's config, as it stands in its file: `{extensions: {events: {…}}}`. It is merged in and checked against zot's own schema; what a setting already says is refused. Never a secret.",
    ),
});
