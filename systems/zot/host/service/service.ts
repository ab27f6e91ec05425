/** What runs zot on its host, and how it is told to restart it. */
export type ServiceManager =
  | {
      readonly kind: "launchd" | "systemd" | "systemd-user";
      /** launchd's label, or the unit's name without `.service`. */
      readonly name: string;
      /** The LaunchAgent's plist or the unit file. */
      readonly file: string;
    }
  | { readonly kind: "command"; readonly command: string };

/** zot as a service. */
export interface Service {
  readonly manager: ServiceManager;
  /** Files that zot's output or its own log goes to, as far as they are known. systemd has its journal besides. */
  readonly logs: readonly string[];
  /** The text of the plist or unit file, where it is ours to write. A change restarts zot. */
  readonly definition?: string;
}

/** What zot is started with, as its host sees it: absolute paths. */
export interface ServedZot {
  readonly binary: string;
  readonly configFile: string;
}

/**
 * A LaunchAgent that runs zot.
 *
 * It is started again whenever it ends, since zot does not start while its OIDC issuer is down. zot's log holds session cookies in clear, so
 * only its owner may read it.
 *
 * @param log the file that zot's output goes to
 */
export function renderLaunchAgent(label: string, zot: ServedZot, log: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- Written by zot-auth (setting registry.manageService). The next update undoes edits. -->
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${xml(label)}</string>
  <key>ProgramArguments</key>
  <array>
    <string>${xml(zot.binary)}</string>
    <string>serve</string>
    <string>${xml(zot.configFile)}</string>
  </array>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <true/>
  <key>ThrottleInterval</key>
  <integer>5</integer>
  <key>Umask</key>
  <integer>63</integer>
  <key>StandardOutPath</key>
  <string>${xml(log)}</string>
  <key>StandardErrorPath</key>
  <string>${xml(log)}</string>
</dict>
</plist>
`;
}

/**
 * A systemd unit that runs zot. It is started again for as long as it takes, since zot does not start while its OIDC issuer is down.
 *
 * @param user who runs it: for a unit of the system's manager; a user's own manager knows
 */
export function renderUnit(zot: ServedZot, user?: string): string {
  const system = user !== undefined;
  return `# Written by zot-auth (setting registry.manageService). The next update undoes edits.
[Unit]
Description=zot container registry
${system ? "Wants=network-online.target\nAfter=network-online.target\n" : ""}StartLimitIntervalSec=0

[Service]
${system ? `User=${specifiers(user)}\n` : ""}ExecStart=${argument(zot.binary)} serve ${argument(zot.configFile).replaceAll("$", "$$$$")}
Restart=on-failure
RestartSec=5
UMask=0077

[Install]
WantedBy=${system ? "multi-user.target" : "default.target"}
`;
}

function xml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** systemd replaces `%` and a letter in nearly every value. */
function specifiers(text: string): string {
  return text.replaceAll("%", "%%");
}

/** A word of `ExecStart`. In the arguments, and not in the program's path, `$` begins a variable, too. */
function argument(text: string): string {
  return `"${specifiers(text).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
