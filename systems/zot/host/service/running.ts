import { quote } from "../shell/shell.ts";

/** A zot that runs on a host. */
export interface RunningZot {
  /** As it was started: a path, or a name on the PATH. */
  readonly binary: string;
  readonly configFile: string;
  /** The service whose main process it is, as in the setting `registry.service`; `undefined` if none is. */
  readonly service: string | undefined;
  /** Whether it runs in a container, where these two paths are not those of the host. */
  readonly inContainer: boolean;
}

/**
 * Prints a line for each process that serves a config, which {@link parseRunning} reads. It changes nothing.
 *
 * A service counts only if this process is its main one: whoever started zot by hand inside another service would otherwise be told to restart that.
 *
 * @param processes where Linux shows its processes
 */
export function runningScript(processes = "/proc"): string {
  return `tab=$(printf '\\t')
user_manager() { XDG_RUNTIME_DIR=\${XDG_RUNTIME_DIR:-/run/user/$(id -u)} systemctl --user "$@"; }
service_of() {
  if command -v launchctl >/dev/null 2>&1; then
    launchctl list 2>/dev/null | awk -v pid="$1" '$1 == pid { print "launchd:" $3 }'
    return
  fi
  unit=$(sed -n 's|.*/\\([^/]*\\)\\.service$|\\1|p' "$proc/$1/cgroup" 2>/dev/null | head -n 1)
  if [ -z "$unit" ] || ! command -v systemctl >/dev/null 2>&1; then return; fi
  if grep -q '/user@[0-9]*\\.service/' "$proc/$1/cgroup"; then
    if [ "$(user_manager show -p MainPID "$unit.service" 2>/dev/null)" = "MainPID=$1" ]; then echo "systemd-user:$unit"; fi
  elif [ "$(systemctl show -p MainPID "$unit.service" 2>/dev/null)" = "MainPID=$1" ]; then echo "systemd:$unit"; fi
}
# Of Docker, Podman, Kubernetes and LXC. This script may run in one itself.
container_of() { sed -n -E 's,.*/((docker|libpod|libpod-payload|cri-containerd|crio|nerdctl)-[0-9a-f]+|docker/[0-9a-f]+|kubepods[^/]*/.*|lxc\\.payload[^/]*).*,\\1,p' "$proc/$1/cgroup" 2>/dev/null | head -n 1; }
${servingProcesses(processes)}
here=$(container_of self)
serving | while IFS=$tab read -r pid binary config; do
  there=$(container_of "$pid"); if [ "$there" = "$here" ]; then there=; fi
  printf 'zot\\t%s\\t%s\\t%s\\t%s\\n' "$binary" "$config" "$(service_of "$pid" | head -n 1)" "$there"
done`;
}

/** `serving` prints a line for each process that is started as `<binary> serve <config>`: its number, the binary and the config, with tabs in between. */
export function servingProcesses(processes = "/proc"): string {
  return `proc=${quote(processes)}
serving() {
  if ! command -v launchctl >/dev/null 2>&1 && [ -r "$proc/self/cmdline" ]; then
    for file in $(cd "$proc" && grep -l serve [0-9]*/cmdline 2>/dev/null); do
      tr '\\0' '\\n' < "$proc/$file" 2>/dev/null | awk -v pid="\${file%/cmdline}" '
        $0 == "serve" && !found { found = 1; next }
        found { if (config == "") config = $0; next }
        { binary = $0 }
        END { if (config != "") printf "%s\\t%s\\t%s\\n", pid, binary, config }'
    done
  else
    ps -A -o pid= -o args= 2>/dev/null | awk '{
      pid = $1; sub(/^ *[0-9]+ +/, ""); at = index($0, " serve ")
      if (at > 1) printf "%s\\t%s\\t%s\\n", pid, substr($0, 1, at - 1), substr($0, at + 7)
    }'
  fi
}`;
}

/** As the setting `registry.service` accepts it. */
const SERVICE = /^(?:launchd|systemd|systemd-user):[A-Za-z0-9][A-Za-z0-9._@-]*$/;

/** Reads what {@link runningScript} printed. */
export function parseRunning(output: string): readonly RunningZot[] {
  return output.split("\n").flatMap((line) => {
    const [mark, binary = "", configFile = "", service = "", container = ""] = line.split("\t");
    // Other programs have a command of that name, too.
    if (mark !== "zot" || !/^\/.*\.(?:json|ya?ml|toml)$/.test(configFile)) return [];
    // `sudo /usr/bin/zot` is that of zot.
    const program = binary.startsWith("/") ? binary : (binary.split(" ").at(-1) ?? binary);
    const isService = SERVICE.test(service);
    return [{ binary: program, configFile, service: isService ? service : undefined, inContainer: container !== "" }];
  });
}

/** Whether the executable is called zot: a wrapper, an interpreter or another program is not. */
export function isCalledZot({ binary }: RunningZot): boolean {
  return /(?:^|\/)zot[^/]*$/.test(binary);
}
