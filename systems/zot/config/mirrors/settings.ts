import * as z from "zod";
import { registryUrl, duration, text } from "../../../../core/settings/types.ts";
import { glob } from "../../access/globs/setting.ts";
import { REPOSITORY_NAME } from "../../access/imageNames.ts";
import { regularExpression } from "../syntax/regularExpression.ts";

/** Which part of a registry is mirrored. */
const part = {
  stripPrefix: z
    .boolean()
    .optional()
    .describe(
      "Leave out the folders before the first wildcard of `prefix`: with `library/**`, `library/nginx` becomes `<name>/nginx`.",
    ),
  tagsRegex: regularExpression
    .optional()
    .describe(
      "Which tags `pollInterval` fetches: a regular expression of Go (RE2). Default: all. A pull fetches any tag.",
    ),
  excludeTagsRegex: regularExpression
    .optional()
    .describe("Which tags `pollInterval` does not fetch: a regular expression of Go (RE2)."),
  semver: z.boolean().optional().describe("Whether `pollInterval` fetches only tags that are semantic versions."),
};

const mirror = z
  .strictObject({
    name: z
      .string()
      .regex(REPOSITORY_NAME, { error: "the first part of an image name, such as docker.io" })
      .describe("The folder for its images: `docker.io`."),
    url: registryUrl.describe("The registry's address."),
    fallbackUrls: z
      .array(registryUrl)
      .default([])
      .describe("Further addresses of the same registry, used if the first one fails."),
    onDemand: z.boolean().default(true).describe("Whether an image is fetched when a client pulls it."),
    pollInterval: duration.optional().describe("How often to fetch all matching images. Default: never."),
    prefix: glob
      .optional()
      .describe(
        "Which of its repositories to fetch: a glob. Default: `**`, all. zot cannot exclude repositories, only list others: `{library,bitnami}/**`.",
      ),
    ...part,
    contents: z
      .array(z.strictObject({ prefix: glob.describe("Which repositories: a glob."), ...part }))
      .default([])
      .describe(
        "Several parts of the registry, in place of `prefix`, `stripPrefix`, `tagsRegex`, `excludeTagsRegex` and `semver`. For each repository, the first part that matches counts.",
      ),
    onlySigned: z.boolean().optional().describe("Fetch only signed images."),
    preserveDigest: z
      .boolean()
      .optional()
      .describe("Keep Docker's image format, and with it the digest. Requires `zot.http.compat: [docker2s2]`."),
    tlsVerify: z.boolean().default(true).describe("Whether to verify its TLS certificate."),
    certDir: text.optional().describe("A folder on the host with TLS certificates for it."),
    maxRetries: z.int().min(0).optional().describe("How often to retry a failed request. Requires `retryDelay`."),
    retryDelay: duration.optional().describe("How long to wait before a retry."),
    syncTimeout: duration.optional().describe("How long fetching an image may take. Default: zot's, 3 hours."),
  })
  .refine(
    ({ contents, prefix, ...rest }) =>
      contents.length === 0 ||
      [prefix, ...Object.keys(part).map((key) => rest[key as keyof typeof part])].every(isUnset),
    {
      path: ["contents"],
      error: "contents in place of prefix, stripPrefix, tagsRegex, excludeTagsRegex and semver, not beside them",
    },
  );

function isUnset(value: unknown): boolean {
  return value === undefined;
}

export const pullThrough = z
  .array(mirror)
  .default([])
  .describe("Registries that zot mirrors on demand, each under `/<name>`.");

/** A registry whose images zot mirrors. */
export type PullThrough = z.output<typeof mirror>;
