import { WRITTEN_BY } from "../service/service.ts";
import { quote } from "../shell/shell.ts";

/** `role <file>` prints the setting of the file of ours that is there, by its text or by the record beside it; nothing if there is none. */
export const ROLE = `role() {
  if grep -q -F ${quote(WRITTEN_BY)} "$1" 2>/dev/null; then echo registry.serviceFile
  elif [ ! -f "$1.zot-auth" ]; then :
  elif grep -q '^start=' "$1.zot-auth"; then echo registry.configFile
  elif grep -q '^made=' "$1.zot-auth"; then echo zot.auth.sessionKeysFile
  else echo registry.credentialsFile; fi
}`;
