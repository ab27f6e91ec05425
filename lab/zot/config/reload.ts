// Stands in for zot: reloads a changed configuration, with zot's limits on what it notices and applies.
import { closeSync, fstatSync, openSync, readSync, watch } from "node:fs";
import { extname } from "node:path";
import type { AuthConfig, ZotConfig } from "./config.ts";
import { parseConfig } from "./load.ts";
import type { ZotState } from "../server/state.ts";

/** Watches the file until the returned function is called. */
export function watchConfig(zot: ZotState, file: string): () => void {
  // zot watches the inode, not the name: a file renamed over this one is never read. Keeping the file open does the same.
  const handle = openSync(file, "r");
  let closed = false;
  let pending = Promise.resolve();
  const watcher = watch(file, (event) => {
    if (event === "change")
      pending = pending.then(() => (closed ? undefined : reload(zot, readAll(handle), extname(file))));
  });
  return () => {
    closed = true;
    watcher.close();
    void pending.finally(() => closeSync(handle));
  };
}

function readAll(handle: number): string {
  const content = Buffer.alloc(fstatSync(handle).size);
  let filled = 0;
  while (filled < content.length) {
    const count = readSync(handle, content, filled, content.length - filled, filled);
    if (count === 0) break;
    filled += count;
  }
  return content.toString("utf8", 0, filled);
}

async function reload(zot: ZotState, text: string, extension: string): Promise<void> {
  zot.log("info", "config file changed, trying to reload config");
  try {
    zot.config = reloadable(zot.config, await parseConfig(text, extension, zot.version, zot.log));
    zot.log("info", "loaded new configuration settings");
  } catch (error) {
    // The file may be half-written, so zot keeps the current configuration.
    zot.log("error", "failed to reload config, retry writing it.", {
      error: error instanceof Error ? error.message : "",
    });
  }
}

/** The configuration after a reload. Other changes, such as to the issuer, the realm and the port, need a restart. */
function reloadable(current: ZotConfig, next: ZotConfig): ZotConfig {
  const { auth, address, port, realm, externalUrl, allowOrigin, tls } = current.http;
  const nextAuth = next.http.auth;
  return {
    ...current,
    http: {
      ...{ address, port, realm, externalUrl, allowOrigin, tls },
      ...(next.http.accessControl === undefined ? {} : { accessControl: next.http.accessControl }),
      // A reload cannot add authentication to a server that started without it.
      ...(auth === undefined || nextAuth === undefined ? {} : { auth: reloadableAuth(auth, nextAuth) }),
    },
  };
}

/** Bearer tokens are not reloaded, neither when they are added nor when they are removed. */
function reloadableAuth({ bearer, failDelay, sessionKeysFile }: AuthConfig, next: AuthConfig): AuthConfig {
  const { bearer: _next, ...others } = next;
  return { ...others, failDelay, sessionKeysFile, ...(bearer === undefined ? {} : { bearer }) };
}
