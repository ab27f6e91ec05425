import * as z from "zod";
import { REPOSITORY_NAME } from "../access/imageNames.ts";
import { baseUrl, duration, port, text } from "../../../core/settings/types.ts";

/** Where zot runs, how it is reached, and how it is restarted. What its config says beside that is the group `zot`. */
export const registry = z
  .strictObject({
    url: baseUrl.describe("The address that people and CI use, zot's `externalUrl`. A change restarts zot."),
    host: z
      .string()
      .regex(/^(local|ssh:[^\s-]\S*)$/, {
        error: '"local", or "ssh:" and a destination of your ssh config, such as ssh:indri',
      })
      .default("local")
      .describe(
        "Where zot runs: `local`, or `ssh:<destination>`, reached by your own `ssh` with its config, agent and known_hosts.",
      ),
    binary: text.default("zot").describe("The zot executable on that host: a path, or a name on its PATH."),
    configFile: text
      .regex(/\.json$/, { error: "a path that ends in .json, since the config is written as JSON" })
      .describe("The config file that zot serves. Absolute on an ssh host."),
    credentialsFile: text
      .regex(/\.json$/, { error: "a path that ends in .json (zot refuses any other)" })
      .describe("The file with the OIDC client id and secret, mode 0600. Absolute on an ssh host."),
    dataDirectory: text.describe(
      "Where zot stores images. Absolute on an ssh host. A change restarts zot, without moving images.",
    ),
    address: z
      .union([z.ipv4(), z.ipv6(), z.literal("localhost")], { error: "an IP address of the host, such as 127.0.0.1" })
      .default("0.0.0.0")
      .describe("The IP address zot listens on. A change restarts zot."),
    port: port.default(5000).describe("The port zot listens on. A change restarts zot."),
    service: z
      .string()
      .regex(/^(launchd|systemd|systemd-user):[A-Za-z0-9][A-Za-z0-9._@-]*$/, {
        error:
          '"launchd:" and the label of a LaunchAgent, or "systemd:" or "systemd-user:" and the name of a unit, such as systemd-user:zot',
      })
      .optional()
      .describe(
        "The service manager that runs zot, and zot's name there: `launchd:<label>` (a LaunchAgent), `systemd:<unit>` (the system's, by `sudo -n` when not root) or `systemd-user:<unit>`. It is how zot is restarted, and where its last words are read when it does not start.",
      ),
    manageService: z
      .boolean()
      .default(false)
      .describe(
        "Whether the LaunchAgent's plist or the unit file is written, too. Otherwise it is left alone. A change of the file restarts zot; the file of before comes back on `destroy`.",
      ),
    serviceFile: text
      .optional()
      .describe(
        "Where that file is. Default: `~/Library/LaunchAgents/<label>.plist`, `/etc/systemd/system/<unit>.service` or `~/.config/systemd/user/<unit>.service`, on the host.",
      ),
    serviceLog: text
      .optional()
      .describe(
        "The file that zot's output goes to under launchd. Default: `~/Library/Logs/<label>.log` on the host. systemd keeps it in its journal.",
      ),
    restartCommand: text
      .optional()
      .describe("Without `service`: a shell command on the host that restarts zot, such as `rc-service zot restart`."),
    readyTimeout: duration
      .default("30 seconds")
      .describe("How long zot may take until it serves with a new config; then the previous config comes back."),
    pullThrough: z
      .array(
        z.strictObject({
          name: z
            .string()
            .regex(REPOSITORY_NAME, { error: "the first part of image names, such as docker.io" })
            .describe("The folder that the images appear under: `docker.io`."),
          url: baseUrl.describe("The registry's address."),
          fallbackUrls: z.array(baseUrl).default([]).describe("More addresses of the same registry."),
          onDemand: z.boolean().default(true).describe("Whether an image is fetched when somebody pulls it."),
          pollInterval: duration.optional().describe("How often all matching images are fetched. Default: never."),
          prefix: text.default("**").describe("Which of its repositories, by glob."),
          tagsRegex: text.optional().describe("Which tags, by regular expression. Default: all."),
          semver: z.boolean().optional().describe("Only tags that are semantic versions."),
          onlySigned: z.boolean().optional().describe("Only images that are signed."),
          preserveDigest: z
            .boolean()
            .optional()
            .describe("Keep Docker's format, and with it the digest. Needs `zot.http.compat: [docker2s2]`."),
          tlsVerify: z.boolean().default(true).describe("Whether its certificate is checked."),
          certDir: text.optional().describe("A folder on the host with certificates for it."),
          maxRetries: z.int().min(0).optional().describe("How often a failed request is tried again."),
          retryDelay: duration.optional().describe("How long to wait before that."),
        }),
      )
      .default([])
      .describe("Registries whose images zot fetches on demand, each under `/<name>`."),
    acceptCiOverwrite: z
      .boolean()
      .default(false)
      .describe("Accepts a zot below 2.1.19, on which CI can overwrite tags."),
  })
  .refine((value) => (value.service === undefined) !== (value.restartCommand === undefined), {
    error: "either service or restartCommand, so that zot can be restarted",
  })
  .refine((value) => !value.manageService || value.service !== undefined, {
    error: "service beside manageService, so that it is known whose file is managed",
  });
