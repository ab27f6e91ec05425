import { quote } from "../shell/shell.ts";
import { WRITTEN_BY } from "./service.ts";

/**
 * `refuse_second_service` stops before anything changes if the config's place and the service change together: the record that says which service we wrote the
 * file of is beside the old config. The new service could not start while the old one has zot's address, and two files of one unit would be
 * taken for one another by the clean-up of the old place.
 */
export const REFUSE_SECOND_SERVICE = `our_others() (
  for place in "launchd \${HOME:-}/Library/LaunchAgents .plist" "systemd-user \${HOME:-}/.config/systemd/user .service" "systemd /etc/systemd/system .service" \\
    "$kind $(dirname "$definition") $(case $kind in launchd) echo .plist ;; *) echo .service ;; esac)"; do
    # The folder may contain spaces.
    manager_of=\${place%% *}; suffix=\${place##* }; folder=\${place#* }; folder=\${folder% *}
    for file in "$folder"/*"$suffix"; do
      if [ "$file" = "$definition" ] || ! grep -q -F ${quote(WRITTEN_BY)} "$file" 2>/dev/null; then continue; fi
      name=\${file##*/}; name=\${name%"$suffix"}
      if ( use_service "$manager_of" "$name" "$file"; running ) 2>/dev/null; then printf '%s\\n' "$manager_of:$name"; fi
    done
  done
)
refuse_second_service() {
  if [ -f "$service.zot-auth" ] || [ -f "$former.zot-auth" ] || grep -q -F ${quote(WRITTEN_BY)} "$definition" 2>/dev/null || ! ready; then return; fi
  our_others > "$work/others"
  if grep -q -x -F "$kind:$unit" "$work/others"; then changed=registry.serviceFile
  elif running || [ ! -s "$work/others" ]; then return
  else changed=registry.service; fi
  say "Another service runs zot at $origin, by a file that zot-auth wrote ($(sort -u "$work/others" | tr '\\n' ' ' | sed 's/ $//')). Change registry.configFile and $changed in two updates. Nothing was changed."
  exit 1
}`;
