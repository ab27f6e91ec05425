import { quote } from "../shell/shell.ts";
import { FUNCTIONS } from "../files/functions.ts";
import { KEEPING } from "./functions/keeping.ts";
import { lastWordsFunctions } from "../service/errorsInLog.ts";
import { LOCK } from "./functions/lock.ts";
import { managerFunctions } from "../service/manager.ts";
import { proofFunctions } from "./functions/proof.ts";
import type { Service } from "../service/service.ts";

/** A zot that serves on this host: what deployment and removal have in common. */
export interface ServingZot {
  readonly configFile: string;
  /** The OIDC credentials file. Absent in the state of earlier versions. */
  readonly credentialsFile?: string;
  readonly service: Service;
  /** zot's address on its own host: `http://127.0.0.1:5000`. */
  readonly origin: string;
  /** How long zot may take to serve after a restart. */
  readonly readySeconds: number;
  /** How long a running zot may take to notice a change; it takes a tenth of a second. */
  readonly reloadSeconds: number;
}

/**
 * The beginning of both scripts: functions, and the lock. From then on the run's folder exists until `leave` removes it; the script finishes
 * or undoes what it began, even if the connection is lost. `config` is the file itself, also if the setting names a symbolic link to it, so that its
 * companions are found by each of its names.
 *
 * @param first commands before the lock
 */
export function servingZot(
  { configFile, service, origin, readySeconds, reloadSeconds }: ServingZot,
  first = "",
): string {
  return `${FUNCTIONS}
${KEEPING}
${LOCK}
${managerFunctions(service)}
${lastWordsFunctions(service)}
${proofFunctions(origin)}
given=${quote(configFile)}; config=$(through "$given"); ready_seconds=${readySeconds}; reload_seconds=${reloadSeconds}
not_in_force() {
  if ready; then say "zot serves at $origin, but not with the new config after $ready_seconds s (setting registry.readyTimeout). If its service starts it with another file than $given (setting registry.configFile), change that command to: zot serve $given"
  else say "zot timed out after $ready_seconds s (setting registry.readyTimeout): $origin/readyz does not respond."; fi
}
${first}
umask 077
trap '' HUP PIPE; trap : INT TERM
lock "$config" $(( ready_seconds * 2 + 20 ))
leave() {
  code=$?; trap - EXIT; set +e
  if [ $changing = yes ]; then undo; code=1; fi
  rm -rf "$work"
  exit $code
}
changing=no; restarted=no
trap leave EXIT
gather "$given" "$config"
rm -f "$config.zot-auth-new"`;
}
