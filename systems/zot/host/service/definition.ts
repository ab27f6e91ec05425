import { quote } from "../shell/shell.ts";
import { FORMER_SERVICE } from "./formerService.ts";
import { SECOND_SERVICE } from "./ourOtherService.ts";
import { WRITTEN_BY } from "./service.ts";
import type { Service } from "./service.ts";

/**
 * Shell functions that deploy the plist or unit file together with the config: `compare_service` checks the new one and sets
 * `service_changed`; `keep_service`, `write_service`, `start_service`, `undo_service` and `settle_service` do what their names say. The copies are beside
 * the config, under the stem `<config>.service`. Of a file that we do not manage, only one that we wrote before is touched.
 *
 * @param repairs how often hand edits of the file were repaired
 */
export function definitionFunctions({ manager, definition, logs }: Service, repairs: number): string {
  const managed = manager.kind !== "command" && definition !== undefined;
  // systemd-analyze names the unit by its file.
  const name = manager.kind === "command" ? "" : `${manager.name}${manager.kind === "launchd" ? ".plist" : ".service"}`;
  return `managed=${managed ? "yes" : "no"}; service_changed=no; service_back=none; switched=no
service=$config.service; former=$config.former-service
${FORMER_SERVICE}
${SECOND_SERVICE}
compare_service() {
  if [ -f "$former.zot-auth" ] || { [ -f "$service.zot-auth" ] && ! is_current "$service.zot-auth"; }; then service_changed=yes; fi
  if [ $managed = no ]; then return; fi
  second=$(second_service)
  if [ -n "$second" ]; then say "$second Nothing was changed."; exit 1; fi
  new_definition=$work/${quote(name)}
  printf '%s' ${quote(definition ?? "")} > "$new_definition"
  if ! check_definition "$new_definition" > "$work/checked" 2>&1; then
    say "The service manager rejects the new $definition (setting registry.manageService); nothing was changed: $(tail -n 3 "$work/checked")"; exit 1
  fi
  if ! cmp -s "$new_definition" "$definition" || [ "$(field "$service.zot-auth" state)" = pending ]; then service_changed=yes; fi
}
keep_service() {
  take_over
  if [ $managed = no ]; then return; fi
  service_back=
  service_settled=; if [ -f "$service.zot-auth" ]; then service_settled=$work/service-settled; cp -p "$service.zot-auth" "$service_settled"; fi
  if [ $service_changed = no ]; then return; fi
  if [ ! -f "$service.zot-auth" ] && grep -q -F ${quote(WRITTEN_BY)} "$definition" 2>/dev/null; then
    # Ours, for another config file. Its original is beside that one.
    service_back=$work/found.service; cp -p "$definition" "$service_back"
  else keep "$definition" "$service" "$new_definition" found.service; service_back=$back; fi
  note_service "$(field "$service.zot-auth" written)" "$(field "$service.zot-auth" repairs)" pending
}
write_service() {
  if [ $managed = no ] || [ $service_changed = no ]; then return; fi
${manager.kind === "launchd" ? logs.map(prepareLog).join("\n") : "  :"}
  place_definition "$new_definition"
}
start_service() {
  if [ $switched = yes ]; then stop_former; fi
  if [ $managed = yes ] && [ $service_changed = yes ]; then reload_zot; else restart_zot; fi
}
undo_service() {
  if [ $service_changed = no ]; then return; fi
  if [ $managed = yes ]; then
    if [ -z "$service_back" ]; then forget_zot; elif [ $switched = yes ]; then stop_zot; fi
    if [ -n "$service_back" ]; then place_definition "$service_back"; else remove_definition; fi
    if [ -n "$service_settled" ]; then place "$service_settled" "$service.zot-auth"; else rm -f "$service.zot-auth" && rm -f "$service.before-zot-auth" "$service.previous"; fi
  fi
  if [ $switched = yes ]; then
    if [ $managed = no ]; then stop_zot; fi
    return_former; managed=yes; service_back=former
  fi
}
settle_service() {
  if [ $managed = no ]; then return; fi
  if [ $service_changed = yes ]; then enable_zot || exit 1; fi
  note_service "$(sum "$new_definition")" ${repairs} settled
}`;
}

/** launchd would create a world-readable log, and zot logs session cookies. */
function prepareLog(file: string): string {
  return `  mkdir -p "$(dirname ${quote(file)})" && { [ -f ${quote(file)} ] || : > ${quote(file)}; }`;
}
