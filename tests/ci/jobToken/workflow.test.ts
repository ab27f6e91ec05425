import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import type { TestContext } from "node:test";
import { quote } from "../../../systems/zot/host/shell/shell.ts";
import { forgejo } from "../../lab/forgejo/instance.ts";
import type { TestForgejo } from "../../lab/forgejo/instance.ts";
import { writeImage } from "../support.ts";
import { buildCrane, noCrane } from "./crane/crane.ts";
import { startDeclared } from "./declared/declaredRegistry.ts";
import type { DeclaredRegistry } from "./declared/declaredRegistry.ts";

// The workflows that build images, as users copy them, in jobs of the lab's Forgejo 15: with the token that it gives them, the real crane, and zot's config as the program
// writes it. The build and skopeo's reading of its archive are played.

const ROOT = resolve(import.meta.dirname, "../../..");
const skip = noCrane;

const ACCOUNTS = {
  app: { auth: "both", user: "zot-app", push: ["app"], keyStores: ["op://v/i/app"], repositories: ["own/app"] },
};

let folder = "";
before(() => {
  if (skip !== false) return;
  folder = mkdtempSync(join(tmpdir(), "job-token-workflow-"));
  const bin = join(folder, "bin");
  mkdirSync(bin);
  buildCrane(bin);
  const image = writeImage(join(folder, "image"), 1024);
  const play = (name: string, script: string): void => {
    writeFileSync(join(bin, name), `#!/bin/sh\n# Stands in for ${name}.\n${script}`);
    chmodSync(join(bin, name), 0o755);
  };
  play("nix", '[ "$1" = build ] && [ "$2" = ".#hello" ] && : >result\n');
  // Of an archive it knows one.
  const lab = `${quote(process.execPath)} ${quote(join(ROOT, "lab/skopeo/main.ts"))}`;
  play(
    "skopeo",
    `for word; do shift; [ "$word" != docker-archive:result ] || word=${quote(image)}; set -- "$@" "$word"; done\nexec ${lab} "$@"\n`,
  );
});
after(() => {
  if (skip === false) rmSync(folder, { recursive: true });
});

interface Servers {
  readonly server: TestForgejo;
  readonly declared: DeclaredRegistry;
  readonly key: string;
}

/** Both servers; the repository has the variable and, with `auth: both`, the key beside it. */
async function start(t: TestContext, withKey: boolean): Promise<Servers> {
  const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
  const server = await forgejo(t, {
    files: {
      ".forgejo/workflows/job-token.yaml": read("ci/forgejo/job-token.yaml"),
      ".forgejo/workflows/nix.yaml": read("ci/forgejo/nix.yaml"),
      "ci/push-image.sh": read("ci/push-image.sh"),
    },
    release: { version: "15.0.3" },
    runner: { pathPrefix: [join(folder, "bin")] },
  });
  const declared = await startDeclared(ACCOUNTS, server.url);
  t.after(async () => declared.registry.close());
  const key = await declared.keyOf("zot-app");
  const actions = "/api/v1/repos/own/app/actions";
  await server.ask("POST", `${actions}/variables/ZOT_CI_JOB_TOKEN_INFO`, { value: declared.variable("app") });
  if (withKey) {
    await server.ask("PUT", `${actions}/secrets/ZOT_CI_API_KEY`, { data: key });
    await server.ask("POST", `${actions}/variables/ZOT_CI_API_KEY_INFO`, { value: declared.variable("app") });
  }
  return { server, declared, key };
}

async function run({ server, key }: Servers, file: string): Promise<{ readonly status: string; readonly log: string }> {
  const { id, run_number: number } = await server.dispatch(file, { container: "hello", version: "1.2.3" });
  const { status } = await server.ended(id);
  const log = await server.log(number);
  assert.doesNotMatch(log, /eyJ[\w-]+\.[\w-]+\.[\w-]+/, "no token is in the log");
  assert.ok(!log.includes(key));
  return { status, log };
}

test("the workflow pushes without any secret, and a second run skips", { skip }, async (t) => {
  const servers = await start(t, false);
  const first = await run(servers, "job-token.yaml");
  assert.equal(first.status, "success", first.log);
  const [, tag = ""] = /push-image: pushed \S+\/app\/hello:(v1\.2\.3-[\da-f]{7}-nix)$/m.exec(first.log) ?? [];
  const { url } = servers.declared.registry;
  assert.equal((await fetch(`${url}/v2/app/hello/manifests/${tag}`)).status, 200, first.log);
  const second = await run(servers, "job-token.yaml");
  assert.equal(second.status, "success", second.log);
  assert.match(second.log, /exists already, and tags are never overwritten: skipped$/m);
});

test(
  "during a move, the old workflow pushes with the key and says what it needs, and the new one with the token",
  { skip },
  async (t) => {
    const servers = await start(t, true);
    const old = await run(servers, "nix.yaml");
    assert.equal(old.status, "success", old.log);
    assert.match(old.log, /this job can get no token\. The workflow must say enable-openid-connect: true/);
    assert.match(old.log, /^push-image: the key is used instead, which this repository has, too\.$/m);
    const fresh = await run(servers, "job-token.yaml");
    assert.equal(fresh.status, "success", fresh.log);
    assert.doesNotMatch(fresh.log, /the key is used instead/);
  },
);
