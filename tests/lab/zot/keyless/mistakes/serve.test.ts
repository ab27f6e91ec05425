// How zot starts with the recorded mistakes in `bearer`, and what it answers then.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { BearerError } from "../../../../../lab/zot/access/bearer/bearerError.ts";
import { startZot } from "../../../../../lab/zot/server/server.ts";
import { freePort } from "../../../../support/freePorts.ts";
import { serveChanges } from "./mistakes.ts";
import type { Change } from "./mistakes.ts";
import type { ServeRun } from "../replay/recording.ts";
import { recording } from "../replay/recording.ts";
import type { BearerSettings, KeylessConfig, KeylessRegistry } from "../support/registry.ts";
import { combinedRelease, recorded as addresses, startKeyless } from "../support/registry.ts";

for (const run of recording.serve) {
  test(run.case, async (t) => {
    const change = serveChanges[run.case];
    assert.ok(change !== undefined, "no configuration for this case");
    if (!run.starts) {
      await panics(run, change);
      return;
    }
    const keyless = await startKeyless("plain", (config) => change(config, firstIssuer(config)));
    t.after(() => keyless.close());
    const { log: recordedLog, starts: _starts, exit: _exit, case: _case, ...statuses } = run;
    assert.deepEqual(await answers(keyless, Object.keys(statuses)), statuses);
    for (const line of recordedLog) assertLogged(keyless, line);
  });
}

function firstIssuer({ http }: KeylessConfig): BearerSettings["oidc"][number] {
  const [oidc] = http.auth.bearer?.oidc ?? [];
  assert.ok(oidc !== undefined);
  return oidc;
}

/** A panic. That the command then exits with 2 is in command.test.ts. */
async function panics(run: ServeRun, change: Change): Promise<void> {
  assert.equal(run.exit, 2);
  const folder = mkdtempSync(join(tmpdir(), "zot-keyless-"));
  try {
    const { bearer } = structuredClone(recording.configs.plain.http.auth) as { bearer: BearerSettings };
    const http = { address: "127.0.0.1", port: String(await freePort()), auth: { apikey: true, bearer } };
    const config: KeylessConfig = { distSpecVersion: "1.1.1", storage: { rootDirectory: join(folder, "data") }, http };
    change(config, firstIssuer(config));
    const file = join(folder, "config.json");
    writeFileSync(file, JSON.stringify(config));
    await assert.rejects(startZot({ config: file, version: combinedRelease }), (error) => {
      assert.ok(error instanceof BearerError);
      // The recording has the beginning of the line.
      const [, message, reason] = /"message":"([^"]*)","error":"([^"]*)/.exec(run.log[0] ?? "") ?? [];
      assert.equal(message, "failed to initialize OIDC bearer authorizer");
      assert.ok(error.message.startsWith(reason ?? "?"), `${error.message}\ninstead of\n${reason ?? ""}`);
      return true;
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function answers({ registry, jobs }: KeylessRegistry, asked: readonly string[]): Promise<Record<string, number>> {
  const headers = { Authorization: `Bearer ${await jobs.token()}` };
  const status = async (path: string, init: RequestInit = {}): Promise<number> =>
    (await fetch(`${registry.url}${path}`, { redirect: "manual", ...init })).status;
  const requests: Readonly<Record<string, () => Promise<number>>> = {
    "token ping": () => status("/v2/", { headers }),
    "token push": () => status("/v2/acme/app/blobs/uploads/", { method: "POST", headers }),
    "anonymous pull-ping": () => status("/v2/"),
    "anonymous ping": () => status("/v2/"),
    login: () => status("/zot/auth/login?provider=oidc&callback_ui=/"),
  };
  const found: Record<string, number> = {};
  for (const name of asked) found[name] = (await requests[name]?.()) ?? 0;
  return found;
}

/** The recording has the level, the message and the beginning of the error: `debug: message / error`. */
function assertLogged({ registry, jobs }: KeylessRegistry, recorded: string): void {
  const [, level, message, reason = ""] = /^(\w+): (.*?)(?: \/ (.*))?$/.exec(recorded) ?? [];
  const wanted = reason.replaceAll(addresses.jobs, jobs.issuer);
  const found = registry.log.some((line) => {
    const fields = JSON.parse(line) as { level: string; message: string; error?: string };
    return fields.level === level && fields.message === message && (fields.error ?? "").startsWith(wanted);
  });
  assert.ok(found, `not logged: ${recorded}\n${registry.log.slice(-6).join("\n")}`);
}
