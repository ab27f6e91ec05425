import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { accessSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { promisify } from "node:util";
import { FOUR_WAYS } from "../../../../../systems/zot/host/deploy/functions/waysIn.ts";
import { FUNCTIONS } from "../../../../../systems/zot/host/files/functions.ts";

const TOOLS = ["sh", "sed", "grep", "head", "tr", "timeout", "date", "sleep", "cat", "mktemp", "rm"];

/** A folder with the tools of a host that has only one of curl and wget. */
function pathWith(tool: string): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-tools-"));
  for (const name of [...TOOLS, tool]) {
    const found = (process.env["PATH"] ?? "").split(":").find((at) => isThere(join(at, name)));
    if (found === undefined) return undefined;
    symlinkSync(join(found, name), join(folder, name));
  }
  return folder;
}

function isThere(file: string): boolean {
  try {
    accessSync(file);
    return true;
  } catch {
    return false;
  }
}

/** How a zot refuses: as measured with tokens beside all else, and as 2.1.20 does with the same config. */
const ZOTS = {
  combined: { login: 302, basic: true, bearer: false },
  exclusive: { login: 400, basic: false, bearer: false },
  "without tokens": { login: 302, basic: true, bearer: true },
};

for (const tool of ["curl", "wget"]) {
  for (const [name, zot] of Object.entries(ZOTS)) {
    test(`${tool} tells which ways in a zot has: ${name}`, async (t) => {
      const path = pathWith(tool);
      if (path === undefined) {
        t.skip(`${tool} is missing here`);
        return;
      }
      const server = createServer(({ url, headers: { authorization = "" } }, response) => {
        const asks = authorization.startsWith("Basic ") ? zot.basic : zot.bearer;
        if (url?.startsWith("/zot/auth/login") === true) response.writeHead(zot.login).end();
        else response.writeHead(401, asks ? { "WWW-Authenticate": 'Basic realm="Authorization Required"' } : {}).end();
      });
      await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
      const work = mkdtempSync(join(tmpdir(), "zot-auth-work-"));
      const { port } = server.address() as AddressInfo;
      const script = `${FUNCTIONS}
work='${work}'; origin=http://127.0.0.1:${port}
ready() { :; }
${FOUR_WAYS}
for way in people_sign_in keys_are_tried tokens_are_tried all_ways; do if $way; then echo $way; fi; done
lost_ways 2>&1 || echo nothing lost`;
      const { stdout } = await promisify(execFile)("/bin/sh", ["-c", script], { env: { PATH: path } });
      server.close();
      for (const folder of [path, work]) rmSync(folder, { recursive: true });
      const ways = ["people_sign_in", "keys_are_tried", "tokens_are_tried"];
      const said = stdout.trimEnd().split("\n");
      const expected = {
        combined: [...ways, "all_ways", "nothing lost"],
        exclusive: ["tokens_are_tried", "sign-ins, API keys."],
        "without tokens": ["people_sign_in", "keys_are_tried", "job tokens."],
      }[name];
      assert.equal(said.length, expected?.length, stdout);
      for (const [index, line] of (expected ?? []).entries()) assert.ok(said[index]?.includes(line), stdout);
    });
  }
}
