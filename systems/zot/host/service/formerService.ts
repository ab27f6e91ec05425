import { quote } from "../shell/shell.ts";
import { WRITTEN_BY } from "./service.ts";

/**
 * Shell functions for a change of the service: the record `<config>.service.zot-auth` says which service we wrote the file of. If the settings name another
 * one, its companions wait under the stem `<config>.former-service` until zot serves by the new one, or return if it does not.
 *
 * The service that ran zot before us, if it is no longer the one whose file we write, is the record's origin. Its file waits as `<config>.service.origin`,
 * since at the next start of the host it would run beside ours, and a removal restores and starts it.
 *
 * - `service_of <record>` sets `was_kind`, `was_unit`, `was_file`. `is_current <record>`: it is the service of the settings.
 * - `note_service <written> <repairs> <state>` writes the record.
 * - `take_over` moves the companions of a service that the settings no longer name, and sets `switched`.
 * - `stop_former`, `discard_former` and `return_former` do what their names say.
 * - `restore_service <changed>` restores the service file from before, or removes ours and sets `gone`; `changed` says what to do with a file that
 *   somebody changed since: `replace` or `keep`.
 */
export const FORMER_SERVICE = `service_of() {
  was_kind=$(field "$1" kind); was_unit=$(field "$1" unit); was_file=$(field "$1" file)
  # An earlier version did not record it.
  if [ -z "$was_kind" ]; then was_kind=$kind; was_unit=$unit; was_file=$definition; fi
}
is_current() {
  service_of "$1"
  if [ $managed = yes ]; then [ "$was_kind:$was_unit:$was_file" = "$kind:$unit:$definition" ]
  # A command may restart any service.
  else [ $kind = command ] || [ "$was_kind:$was_unit" = "$kind:$unit" ]; fi
}
load_origin() { origin_kind=$(field "$1" origin_kind); origin_unit=$(field "$1" origin_unit); origin_file=$(field "$1" origin_file); }
note_service() {
  printf '%s=%s\\n' written "$1" repairs "$2" state "$3" kind "$kind" unit "$unit" file "$definition" \\
    origin_kind "$origin_kind" origin_unit "$origin_unit" origin_file "$origin_file" > "$work/record" && place "$work/record" "$service.zot-auth"
}
# The record last: only a complete copy has one.
copy_service() {
  for suffix in .previous .before-zot-auth .zot-auth; do
    if [ -f "$1$suffix" ]; then place "$1$suffix" "$2$suffix"; else rm -f "$2$suffix"; fi
  done
}
drop_service() { rm -f "$1.zot-auth"; rm -f "$1.previous" "$1.before-zot-auth"; }
same_service() { service_of "$1.zot-auth"; set -- "$1" "$2" "$was_kind:$was_unit:$was_file"; service_of "$2.zot-auth"; [ "$3" = "$was_kind:$was_unit:$was_file" ]; }
changed_by_others() {
  [ -f "$definition" ] && ! grep -q -F ${quote(WRITTEN_BY)} "$definition" && ! cmp -s "$1.before-zot-auth" "$definition"
}
# Only the first original ran zot before us.
free_for_origin() { [ ! -f "$service.origin" ] || cmp -s "$1.before-zot-auth" "$service.origin"; }
place_unused() { place_definition "$1" && case $kind in launchd) launchctl disable "$agent" || : ;; *) ctl daemon-reload || : ;; esac; }
discard_service() (
  service_of "$1.zot-auth"
  shared=no; if [ "$was_kind:$was_unit" = "$kind:$unit" ]; then shared=yes; fi
  use_service "$was_kind" "$was_unit" "$was_file"
  if [ $kind != command ] && ! changed_by_others "$1"; then
    if [ $shared = no ]; then forget_zot; fi
    if [ ! -f "$1.before-zot-auth" ]; then remove_definition || exit 1
    elif [ "$1" = "$former" ] && [ $managed = yes ] && free_for_origin "$1"; then
      place "$1.before-zot-auth" "$service.origin" && remove_definition || exit 1
    else place_unused "$1.before-zot-auth" || exit 1; fi
  fi
  rm -f "$1.previous" "$1.before-zot-auth"; rm -f "$1.zot-auth"
)
# The interrupted change had handed on the original already.
return_origin() {
  if [ -f "$service.origin" ] && [ "$(field "$service.zot-auth" origin_file)" = "$(field "$former.zot-auth" file)" ]; then
    mv -f "$service.origin" "$former.before-zot-auth"
  fi
}
take_over() {
  if [ -f "$service.zot-auth" ] && ! is_current "$service.zot-auth"; then
    if [ -f "$former.zot-auth" ] && is_current "$former.zot-auth"; then return_origin; fi
    # Of two, the one of a run that was interrupted goes.
    if [ ! -f "$former.zot-auth" ]; then copy_service "$service" "$former"
    elif ! same_service "$service" "$former"; then discard_service "$service"; fi
    drop_service "$service"
  fi
  if [ -f "$former.zot-auth" ] && is_current "$former.zot-auth"; then
    if [ ! -f "$service.zot-auth" ]; then copy_service "$former" "$service"; fi
    drop_service "$former"
  fi
  switched=no; load_origin "$service.zot-auth"
  if [ ! -f "$former.zot-auth" ]; then drop_service "$former"; return; fi
  switched=yes; if [ -z "$origin_kind" ]; then load_origin "$former.zot-auth"; fi
  if [ -f "$former.before-zot-auth" ] && free_for_origin "$former"; then
    service_of "$former.zot-auth"; origin_kind=$was_kind; origin_unit=$was_unit; origin_file=$was_file
  fi
}
# Of two files of the same unit, the service manager might take the old one.
stop_former() (
  now_unit=$unit; service_of "$former.zot-auth"; use_service "$was_kind" "$was_unit" "$was_file"
  stop_zot
  if [ "$was_unit" = "$now_unit" ] && [ -f "$definition" ]; then cp -p "$definition" "$former.previous" && remove_definition; fi
)
# The record is discarded last: it says where the original belongs.
discard_former() {
  if [ $switched = yes ]; then
    if [ $managed = no ]; then put_origin_back || return 1; fi
    discard_service "$former"
  elif [ $kind = command ] && [ -f "$service.zot-auth" ]; then
    # The command restarts another service, if ours does not run.
    if ( service_of "$service.zot-auth"; use_service "$was_kind" "$was_unit" "$was_file"; ! running ); then put_origin_back && discard_service "$service"; fi
  fi
}
put_origin_back() {
  if [ ! -f "$service.origin" ]; then return 0; fi
  ( use_service "$origin_kind" "$origin_unit" "$origin_file"; place_unused "$service.origin" ) || return 1
  rm -f "$service.origin"
}
return_former() {
  return_origin
  service_of "$former.zot-auth"; use_service "$was_kind" "$was_unit" "$was_file"
  if [ -f "$service.zot-auth" ] && ! same_service "$service" "$former"; then discard_service "$service"; fi
  copy_service "$former" "$service"; drop_service "$former"; switched=no
  if [ ! -f "$definition" ] && [ -f "$service.previous" ]; then place_definition "$service.previous"; fi
}
restore_service() {
  gone=no; origin_kind=
  if [ -f "$former.zot-auth" ]; then return_former; fi
  if [ -f "$service.zot-auth" ]; then
    load_origin "$service.zot-auth"; service_of "$service.zot-auth"; use_service "$was_kind" "$was_unit" "$was_file"
  elif [ $managed = no ] || [ "$1" = keep ]; then return 0; fi
  if [ $kind = command ]; then return 0; fi
  if [ "$1" = keep ] && changed_by_others "$service"; then return 0; fi
  # Nobody declares its content any more.
  if [ $managed = no ] && [ -f "$definition" ] && [ "$(sum "$definition")" != "$(field "$service.zot-auth" written)" ] &&
    ! cmp -s "$service.before-zot-auth" "$definition"; then say "$definition was edited by hand, so it was left in place. Remove it if you do not need it."; return 0; fi
  if [ -f "$service.before-zot-auth" ]; then service_changed=yes; place_definition "$service.before-zot-auth"
  elif [ -f "$service.zot-auth" ] || [ ! -f "$definition" ]; then gone=yes; forget_zot; remove_definition; fi
  if [ -f "$service.origin" ] && [ -n "$origin_kind" ] && { [ $gone = yes ] || [ "$origin_file" != "$definition" ]; }; then
    forget_zot; use_service "$origin_kind" "$origin_unit" "$origin_file"; service_changed=yes; gone=no
    place_definition "$service.origin"
    enable >/dev/null 2>&1 || :
  fi
}`;
