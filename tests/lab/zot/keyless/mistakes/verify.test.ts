// `zot verify` sees almost no mistake in `bearer.oidc`: the recorded cases. What happens with these at the start is in serve.test.ts.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { ConfigError } from "../../../../../lab/zot/config/error.ts";
import { loadConfig } from "../../../../../lab/zot/config/load.ts";
import { jsonLog } from "../../../../../lab/zot/server/log.ts";
import { zotVersion } from "../../../../../lab/zot/version.ts";
import { threeTierConfig } from "../../support/registry.ts";
import { verifyChanges } from "./mistakes.ts";
import { recording } from "../replay/recording.ts";
import type { KeylessConfig } from "../support/registry.ts";
import { combinedRelease } from "../support/registry.ts";

const folder = mkdtempSync(join(tmpdir(), "zot-keyless-"));
after(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, "credentials.json"), '{"clientid":"a","clientsecret":"b"}');

async function outcome(
  file: string,
  release: string,
): Promise<{ exit: number; messages: unknown[]; stderr: string[] }> {
  const messages: unknown[] = [];
  const log = jsonLog((line) => {
    const { message, error } = JSON.parse(line) as { message: string; error?: string };
    messages.push([message, withoutReason(error ?? "")]);
  }, "warn");
  try {
    await loadConfig(file, zotVersion(release), log);
    return { exit: 0, messages, stderr: [] };
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return { exit: 1, messages, stderr: [withoutReason(`Error: ${error.message.split("\n")[0] ?? ""}`)] };
  }
}

/** The reason of a syntax error is that of another evaluator. The place is the same. */
function withoutReason(text: string): string {
  return text.replace(/Syntax error: .*/, "Syntax error");
}

for (const recorded of recording.verify) {
  test(recorded.case, async () => {
    const change = verifyChanges[recorded.case];
    assert.ok(change !== undefined, "no configuration for this case");
    const config = threeTierConfig(folder, 5600, "http://127.0.0.1:9400") as KeylessConfig;
    const { auth, accessControl } = structuredClone(recording.configs.plain.http);
    Object.assign(config.http, {
      accessControl,
      auth: { ...config.http.auth, ...auth, openid: config.http.auth["openid"] },
    });
    const [oidc] = config.http.auth.bearer?.oidc ?? [];
    assert.ok(oidc !== undefined);
    change(config, oidc);
    const file = join(folder, "config.json");
    writeFileSync(file, JSON.stringify(config));
    const release = recorded.case.startsWith("v2.1.20:") ? "v2.1.20" : combinedRelease;
    // The command adds this line. Its test is command.test.ts.
    const messages = recorded.messages
      .filter(([message]) => message !== "invalid config file")
      .map(([message, error]) => [message, withoutReason(error ?? "")]);
    assert.deepEqual(await outcome(file, release), {
      exit: recorded.exit,
      messages,
      stderr: recorded.stderr.map(withoutReason),
    });
  });
}
