import type { HostFacts } from "../facts/facts.ts";
import type { ZotService } from "../zotHost.ts";
import { renderLaunchAgent, renderUnit } from "./service.ts";
import type { Service, ServiceManager, ServedZot } from "./service.ts";

type ManagedKind = Exclude<ServiceManager["kind"], "command">;

/** The service manager of the setting, and the path of the plist or unit file; `undefined` if a command restarts zot. */
export function serviceManager(zotService: ZotService): ServiceManager | undefined {
  const { service } = zotService;
  return service === undefined ? undefined : { ...parseService(service), file: serviceFile(zotService) ?? "" };
}

/** The path of the plist or unit file; `~/` is the home folder on the host. `undefined` if a command restarts zot. */
export function serviceFile({
  service,
  serviceFile: given,
}: Pick<ZotService, "service" | "serviceFile">): string | undefined {
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
 * zot's service on the host that these facts describe.
 *
 * @param ownLog the log file in zot's own config
 */
export function describeService(
  zotService: ZotService,
  facts: Pick<HostFacts, "binary" | "home" | "owner">,
  configFile: string,
  ownLog?: string,
): Service {
  const own = ownLog === undefined ? [] : [ownLog];
  const { service, restartCommand } = zotService;
  if (service === undefined) {
    return { manager: { kind: "command", command: restartCommand ?? "" }, logs: own };
  }
  const { kind, name } = parseService(service);
  const home = (path: string): string => (path.startsWith("~/") ? `${facts.home}${path.slice(1)}` : path);
  const manager = { kind, name, file: home(serviceFile(zotService) ?? "") };
  const zot: ServedZot = { binary: facts.binary, configFile };
  if (kind !== "launchd") {
    const user = kind === "systemd" ? facts.owner : undefined;
    return { manager, logs: own, ...(zotService.manageService ? { definition: renderUnit(zot, user) } : {}) };
  }
  const log = home(zotService.serviceLog ?? `~/Library/Logs/${name}.log`);
  return {
    manager,
    logs: [...own, ...(zotService.manageService || zotService.serviceLog !== undefined ? [log] : [])],
    ...(zotService.manageService ? { definition: renderLaunchAgent(name, zot, log) } : {}),
  };
}

function parseService(service: string): { readonly kind: ManagedKind; readonly name: string } {
  const at = service.indexOf(":");
  const kind = service.slice(0, at);
  // A unit's name may have its suffix, as systemctl prints it.
  const name = kind === "launchd" ? service.slice(at + 1) : service.slice(at + 1).replace(/\.service$/, "");
  if (kind !== "launchd" && kind !== "systemd" && kind !== "systemd-user") {
    throw new TypeError(`"${service}" does not name a service manager`);
  }
  return { kind, name };
}
