import * as z from "zod";
import { pullThrough } from "../config/mirrors/settings.ts";
import { registryUrl, duration, isWithoutDuplicates, port, text } from "../../../core/settings/types.ts";

/** Where zot runs, and how it is reached and restarted. The group `zot` holds the rest of its config. */
export const registry = z
  .strictObject({
    url: registryUrl.describe(
      "The address that users and CI connect to: zot's `externalUrl`. A change restarts zot. If it leads to another registry, the keys at the old one are revoked as soon as the new key is stored, without a grace period.",
    ),
    host: z
      .string()
      .regex(/^(local|ssh:[^\s-]\S*)$/, {
        error: 'local, or "ssh:" and a destination of your ssh config, such as ssh:indri',
      })
      .default("local")
      .describe(
        "Where zot runs: `local`, or `ssh:<destination>`, using your own `ssh` with its config, agent and known_hosts. A change deploys to the zot of the new host, and then restores the old host's files and restarts its zot; if the new name is the same machine's, its files stay. Images and keys do not move: copy `dataDirectory` first. Otherwise, CI's key is invalid until the same `up` has created a new one.",
      ),
    binary: text
      .default("zot")
      .describe(
        "The zot executable on that host: a path, or a name in its `PATH`; for zot in a container, a script that runs it (docs/background/zot.md). With `manageService`, a change restarts zot.",
      ),
    configFile: text
      .regex(/\.json$/, {
        error:
          "a path that ends in .json, because the config is written as JSON (of a file in YAML or TOML, `npm run adopt` prints the command that converts it)",
      })
      .describe(
        "The config file that zot is started with. Absolute on an ssh host. A change restarts zot, and then restores the original of the old file. Without `manageService`, first change the command that starts zot.",
      ),
    credentialsFile: text
      .regex(/\.json$/, { error: "a path that ends in .json (zot refuses any other)" })
      .describe(
        "The file for the OIDC client ID and secret, written with mode 0600. Absolute on an ssh host. A change restarts zot, and then removes the old file or restores its original.",
      ),
    dataDirectory: text.describe(
      "Where zot stores images and keys. Absolute on an ssh host. A change restarts zot and moves neither: copy the folder first. Otherwise, CI's key is invalid until the same `up` has created a new one.",
    ),
    address: z
      .union([z.ipv4(), z.ipv6(), z.literal("localhost")], { error: "an IP address of the host, such as 127.0.0.1" })
      .default("0.0.0.0")
      .describe("The IP address that zot listens on."),
    port: port.default(5000).describe("The port that zot listens on."),
    service: z
      .string()
      .regex(/^(launchd|systemd|systemd-user):[A-Za-z0-9][A-Za-z0-9._@-]*$/, {
        error:
          '"launchd:" and the label of a LaunchAgent, or "systemd:" or "systemd-user:" and the name of a unit, such as systemd-user:zot',
      })
      .optional()
      .describe(
        "The service manager that runs zot, and the service's name: `launchd:<label>` (a LaunchAgent), `systemd:<unit>` (a system unit, with `sudo -n` unless you are root) or `systemd-user:<unit>`. It restarts zot, and its log is shown if zot does not start. A change stops the old service if `manageService` wrote its file, and removes that file once zot serves.",
      ),
    manageService: z
      .boolean()
      .default(false)
      .describe(
        "Whether to write the LaunchAgent's plist or the unit file too. A change of the file restarts zot; `destroy` restores the original file and starts that service. If you set it to false again, the file stays until `destroy`, because zot still runs under it.",
      ),
    serviceFile: text
      .optional()
      .describe(
        "Path of the plist or unit file on the host. Default: `~/Library/LaunchAgents/<label>.plist`, `/etc/systemd/system/<unit>.service` or `~/.config/systemd/user/<unit>.service`. If `manageService` wrote the old file, a change removes it once zot runs under the new one.",
      ),
    serviceLog: text
      .optional()
      .describe(
        "With launchd: the file on the host for zot's output. Default: `~/Library/Logs/<label>.log`. With systemd, the output is in the journal.",
      ),
    restartCommand: text
      .optional()
      .describe(
        "Without `service`: the shell command on the host that restarts zot, such as `rc-service zot restart`.",
      ),
    readyTimeout: duration
      .default("30 seconds")
      .describe("How long zot may take to serve a new config. After that, the previous config is restored."),
    pullThrough,
    acceptCiOverwrite: z
      .boolean()
      .default(false)
      .describe("Accept a zot older than 2.1.19, where CI can overwrite tags."),
    acceptRemoved: z
      .array(text)
      .refine(isWithoutDuplicates, { error: "a list without duplicates" })
      .default([])
      .describe(
        "The access and accounts that the first `up` may take away from a zot config that was made by hand. The preview prints the lines to add. An `up` that would take away more is refused. Once zot has the new config, the list has no effect.",
      ),
  })
  .refine((value) => (value.service === undefined) !== (value.restartCommand === undefined), {
    error: "set either service or restartCommand, so that zot can be restarted",
  })
  .refine((value) => !value.manageService || value.service !== undefined, {
    error: "set service together with manageService, so that it is known which file to manage",
  });

export type RegistrySettings = z.output<typeof registry>;
