import { quote } from "../shell.ts";
import { FUNCTIONS } from "../files/functions.ts";
import { KEEPING } from "./keeping.ts";
import { lastWordsFunctions } from "../service/lastWords.ts";
import { LOCK } from "./lock.ts";
import { managerFunctions } from "../service/manager.ts";
import { proofFunctions } from "./proof.ts";
import type { Service } from "../service/service.ts";

/** A zot that serves on this host: what deploying and removing have in common. */
export interface ServingZot {
  readonly configFile: string;
  readonly service: Service;
  /** zot's address as its own host sees it: `http://127.0.0.1:5000`. */
  readonly origin: string;
  /** How long zot may take until it serves after a restart. */
  readonly readySeconds: number;
  /** How long a running zot may take to notice a change; it takes a tenth of a second. */
  readonly reloadSeconds: number;
}

/**
 * The beginning of both scripts: functions, and the lock. From then on the run's folder is there until `leave` removes it; what the script
 * began it finishes or undoes, also when the connection goes.
 */
export function servingZot({ configFile, service, origin, readySeconds, reloadSeconds }: ServingZot): string {
  return `${FUNCTIONS}
${KEEPING}
${LOCK}
${managerFunctions(service)}
${lastWordsFunctions(service)}
${proofFunctions(origin)}
config=${quote(configFile)}; ready_seconds=${readySeconds}; reload_seconds=${reloadSeconds}
not_in_force() {
  if ready; then say "zot answers at $origin, but within $ready_seconds s not by the config that was written."
  else say "zot did not answer at $origin/readyz within $ready_seconds s (setting registry.readyTimeout)."; fi
}
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
rm -f "$(through "$config").zot-auth-new"`;
}
