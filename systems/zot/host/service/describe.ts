import type { Settings } from "../../../../settings/schema.ts";
import type { HostFacts } from "../facts.ts";
import { renderLaunchAgent, renderUnit } from "./service.ts";
import type { Service, ServiceManager, ServedZot } from "./service.ts";

type Registry = Settings["registry"];
type ManagedKind = Exclude<ServiceManager["kind"], "command">;

/** Where the plist or unit file is; `~/` is the home folder on the host. `undefined` where a command restarts zot. */
export function serviceFile({ service, serviceFile: given }: Registry): string | undefined {
  if (service === undefined) return undefined;
  const { kind, name } = parseService(service);
  if (given !== undefined) return given;
  switch (kind) {
    case "launchd":
      return `~/Library/LaunchAgents/${name}.plist`;
    case "systemd":
      return `/etc/systemd/system/${name}.service`;
    case "systemd-user":
      return `~/.config/systemd/user/${name}.service`;
  }
}

/**
 * zot's service as the settings describe it, on the host that told these facts.
 *
 * @param ownLog the file that zot itself logs into, as its config says
 */
export function describeService(
  registry: Registry,
  facts: Pick<HostFacts, "binary" | "home" | "owner">,
  configFile: string,
  ownLog?: string,
): Service {
  const own = ownLog === undefined ? [] : [ownLog];
  const { service, restartCommand } = registry;
  if (service === undefined) {
    return { manager: { kind: "command", command: restartCommand ?? "" }, logs: own };
  }
  const { kind, name } = parseService(service);
  const home = (path: string): string => (path.startsWith("~/") ? `${facts.home}${path.slice(1)}` : path);
  const manager = { kind, name, file: home(serviceFile(registry) ?? "") };
  const zot: ServedZot = { binary: facts.binary, configFile };
  if (kind !== "launchd") {
    const user = kind === "systemd" ? facts.owner : undefined;
    return { manager, logs: own, ...(registry.manageService ? { definition: renderUnit(zot, user) } : {}) };
  }
  const log = home(registry.serviceLog ?? `~/Library/Logs/${name}.log`);
  return {
    manager,
    logs: [...own, ...(registry.manageService || registry.serviceLog !== undefined ? [log] : [])],
    ...(registry.manageService ? { definition: renderLaunchAgent(name, zot, log) } : {}),
  };
}

function parseService(service: string): { readonly kind: ManagedKind; readonly name: string } {
  const at = service.indexOf(":");
  const kind = service.slice(0, at);
  // A unit may be named with its ending, as systemctl prints it.
  const name = kind === "launchd" ? service.slice(at + 1) : service.slice(at + 1).replace(/\.service$/, "");
  if (kind !== "launchd" && kind !== "systemd" && kind !== "systemd-user") {
    throw new TypeError(`"${service}" names no service manager`);
  }
  return { kind, name };
}
