import { quote } from "../shell/shell.ts";
import { servingProcesses } from "./running.ts";
import { WRITTEN_BY } from "./service.ts";

/** The config that a service file of ours starts zot with, as `configFileOf` reads it. */
const CONFIG_OF = String.raw`config_of() {
  sed -n -e '/^ExecStart=/{s/^ExecStart=".*" serve "\(.*\)"$/\1/;s/[$][$]/$/g;s/\\\(.\)/\1/g;s/%%/%/g;p;}' \
    -e '/<string>serve<\/string>/{n;s/.*<string>\(.*\)<\/string>.*/\1/;s/&gt;/>/g;s/&lt;/</g;s/&amp;/\&/g;p;}' "$1"
}`;

/**
 * `second_service` prints why a deployment must not go on if the config's place and the service change together: the record that says which service we wrote the
 * file of is beside the old config. The new service could not start while the old one has zot's address, and two files of one unit would be
 * taken for one another by the clean-up of the old place. It prints nothing, and changes nothing, if there is no such service.
 *
 * Another service of ours is found by its file, in the folders of the service managers, and by the running zot: the record is beside the config that
 * it was started with. One that serves at another port is another stack's.
 */
export const SECOND_SERVICE = `serves_here() ( here=$origin; [ ! -r "$1" ] || { listen_as "$1"; [ "$origin" = "$here" ]; } )
${CONFIG_OF}
our_others() (
  for place in "launchd \${HOME:-}/Library/LaunchAgents .plist" "systemd-user \${HOME:-}/.config/systemd/user .service" "systemd /etc/systemd/system .service" \\
    "$kind $(dirname "$definition") $(case $kind in launchd) echo .plist ;; *) echo .service ;; esac)"; do
    # The folder may contain spaces.
    manager_of=\${place%% *}; suffix=\${place##* }; folder=\${place#* }; folder=\${folder% *}
    for file in "$folder"/*"$suffix"; do
      if [ "$file" = "$definition" ] || ! grep -q -F ${quote(WRITTEN_BY)} "$file" 2>/dev/null || ! serves_here "$(config_of "$file")"; then continue; fi
      name=\${file##*/}; name=\${name%"$suffix"}
      if ( use_service "$manager_of" "$name" "$file"; running ) 2>/dev/null; then printf '%s\\n' "$manager_of:$name"; fi
    done
  done
  ( ${servingProcesses()}
    serving ) 2>/dev/null | cut -f 3 | while read -r served; do
    at=$(through "$served" 2>/dev/null) || continue
    record=$at.service.zot-auth
    if [ "$at" = "$config" ] || [ -z "$(field "$record" kind)" ] || ! serves_here "$at"; then continue; fi
    if [ "$(field "$record" file)" != "$definition" ]; then printf '%s:%s\\n' "$(field "$record" kind)" "$(field "$record" unit)"; fi
  done
)
second_service() (
  if [ -f "$config.service.zot-auth" ] || [ -f "$config.former-service.zot-auth" ] || grep -q -F ${quote(WRITTEN_BY)} "$definition" 2>/dev/null || ! ready; then return; fi
  found=$(our_others | sort -u)
  if printf '%s\\n' "$found" | grep -q -x -F "$kind:$unit"; then changed=registry.serviceFile
  elif running || [ -z "$found" ]; then return
  else changed=registry.service; fi
  printf '%s' "Another service runs zot at $origin, by a file that zot-auth wrote ($(printf '%s' "$found" | tr '\\n' ' ')). Change registry.configFile and $changed in two updates."
)`;
