/** What runs zot on its host, and restarts it. */
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
  /** Known files with zot's output or its own log. systemd also has its journal. */
  readonly logs: readonly string[];
  /** The text of the plist or unit file, if we manage it. A change restarts zot. */
  readonly definition?: string;
}

/** What zot is started with: absolute paths on its host. */
export interface ServedZot {
  readonly binary: string;
  readonly configFile: string;
}

/** Marks a service file as ours. */
export const WRITTEN_BY = "Written by zot-auth (setting registry.manageService).";

/**
 * A LaunchAgent that runs zot.
 *
 * launchd restarts it whenever it ends, since zot does not start while its OIDC issuer is down. zot's log holds session cookies in clear
 * text, so only its owner can read it.
 *
 * @param log the file that zot's output goes to
 */
export function renderLaunchAgent(label: string, zot: ServedZot, log: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- ${WRITTEN_BY} The next update undoes edits. -->
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
 * A systemd unit that runs zot. systemd restarts it without limit, since zot does not start while its OIDC issuer is down.
 *
 * @param user who runs it, for a system unit; a user unit needs none
 */
export function renderUnit(zot: ServedZot, user?: string): string {
  const system = user !== undefined;
  return `# ${WRITTEN_BY} The next update undoes edits.
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

/** The config file that a service file of ours starts zot with; `undefined` for any other service file. */
export function configFileOf(definition: string): string | undefined {
  if (!definition.includes(WRITTEN_BY)) return undefined;
  const inPlist = /<string>serve<\/string>\s*<string>([^<]*)<\/string>/.exec(definition)?.[1];
  if (inPlist !== undefined) return inPlist.replaceAll("&gt;", ">").replaceAll("&lt;", "<").replaceAll("&amp;", "&");
  const inUnit = /^ExecStart="(?:[^"\\]|\\.)*" serve "((?:[^"\\]|\\.)*)"$/m.exec(definition)?.[1];
  return inUnit?.replaceAll("$$", "$").replaceAll(/\\(.)/g, "$1").replaceAll("%%", "%");
}

function xml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** systemd expands `%` and a letter in nearly every value. */
function specifiers(text: string): string {
  return text.replaceAll("%", "%%");
}

/** A word of `ExecStart`. In arguments, but not in the program's path, `$` begins a variable. */
function argument(text: string): string {
  return `"${specifiers(text).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
