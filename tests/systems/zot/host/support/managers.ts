// launchctl, systemctl, journalctl and sudo, as far as the scripts use them: they record what they are asked, and run the world's zot. Of two services, only the
// first gets zot's address.
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { quote } from "../../../../../systems/zot/host/shell/shell.ts";
import type { World } from "./world.ts";

export class Managers {
  readonly #bin: string;
  readonly #calls: string;
  readonly #loaded: string;

  constructor(world: World) {
    // Outside of the folder that the tests look into.
    const folder = join(world.folder, "..");
    this.#bin = join(folder, "bin");
    this.#calls = join(folder, "calls");
    this.#loaded = join(folder, "loaded");
    mkdirSync(this.#bin);
    const common = `#!/bin/sh
printf '%s\\n' "\${0##*/} $*" >> ${quote(this.#calls)}
loaded=${quote(this.#loaded)}
zot() { curl -fsS ${quote(world.zot.url)}/control/"$1"; }
begin() { owner=$(cat "$loaded" 2>/dev/null || echo "$1"); if [ "$owner" = "$1" ]; then echo "$1" > "$loaded"; zot restart; fi; }
end() { if [ "$(cat "$loaded" 2>/dev/null)" = "$1" ]; then rm "$loaded"; zot stop; fi; }
`;
    this.#write(
      "launchctl",
      `${common}case $1 in
  print) grep -q -x "\${2##*/}" "$loaded" 2>/dev/null || exit 113; printf '\\tstdout path = %s\\n' ${quote(world.at("zot.log"))} ;;
  bootstrap)
    label=$(sed -n '/<key>Label/{n;s|.*<string>\\(.*\\)</string>.*|\\1|p;}' "$3"); label=\${label:-a.zot}
    if grep -q -x "$label" "$loaded" 2>/dev/null; then echo 'Bootstrap failed: 5: Input/output error' >&2; exit 5; fi
    begin "$label" ;;
  bootout) end "\${2##*/}" ;;
  kickstart) if [ "$2" = -k ]; then begin "\${3##*/}"; fi ;;
esac
`,
    );
    this.#write(
      "systemctl",
      `${common}for word; do case $word in -*) ;; *) break ;; esac; done
for unit; do :; done
case $word in
  restart) begin "$unit" ;;
  stop | disable) end "$unit" ;;
  is-active) [ "$(cat "$loaded" 2>/dev/null)" = "$unit" ] ;;
esac
`,
    );
    this.#write(
      "journalctl",
      `${common}echo 'zot.service: Main process exited, code=exited, status=2/INVALIDARGUMENT'
echo '{"level":"info","message":"HTTP API","headers":{"Cookie":["session=very-secret"]}}'
echo '{"level":"error","message":"it cannot start"}'
`,
    );
    this.#write("sudo", `${common}shift; exec "$@"\n`);
    this.#write("plutil", `${common}if grep -q not-a-plist "$2"; then echo "$2: not a plist"; exit 1; fi\n`);
    this.#write("systemd-analyze", common);
  }

  get environment(): NodeJS.ProcessEnv {
    return { PATH: `${this.#bin}:${process.env["PATH"] ?? ""}`, XDG_RUNTIME_DIR: undefined };
  }

  /** A service that runs zot already. */
  load(name = "a.zot"): void {
    writeFileSync(this.#loaded, `${name}\n`);
  }

  /** The service that runs zot. */
  running(): string | undefined {
    return existsSync(this.#loaded) ? readFileSync(this.#loaded, "utf8").trim() : undefined;
  }

  /** What was asked since the last time, without the questions; the user's number is `UID`. */
  calls(): readonly string[] {
    if (!existsSync(this.#calls)) return [];
    const lines = readFileSync(this.#calls, "utf8").trim().split("\n");
    rmSync(this.#calls);
    return lines
      .filter((line) => !/^(launchctl print|sudo|plutil|systemd-analyze|journalctl)/.test(line))
      .map((line) => line.replaceAll(/gui\/\d+/g, "gui/UID"));
  }

  #write(name: string, text: string): void {
    writeFileSync(join(this.#bin, name), text);
    chmodSync(join(this.#bin, name), 0o755);
  }
}
