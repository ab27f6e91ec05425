import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { kubeconfig } from "../../lab/kubernetes/server.ts";
import { diffProvider } from "../../toolchain/plugins/kubernetes/diffProvider.ts";

// When the stand-in replaces its provider, and with it every patch, as the official plugin does (DiffConfig in its source).

const folder = mkdtempSync(join(tmpdir(), "zot-auth-kubeconfig-"));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, url: string): string {
  const path = join(folder, name);
  writeFileSync(path, kubeconfig(url, ""));
  return path;
}

const here = file("here", "https://10.0.0.1:6443");
const again = file("again", "https://10.0.0.1:6443");
const moved = file("moved", "https://10.0.0.2:6443");

const replaces = (old: Record<string, string>, now: Record<string, string>): readonly string[] =>
  diffProvider(old, now).replaces ?? [];

test("another address of the active cluster replaces the provider, another file does not", () => {
  assert.deepEqual(replaces({ kubeconfig: here }, { kubeconfig: moved }), ["kubeconfig"]);
  assert.deepEqual(replaces({ kubeconfig: here }, { kubeconfig: again }), []);
  assert.equal(diffProvider({ kubeconfig: here }, { kubeconfig: again }).changes, "some");
});

test("with an unchanged identifier it is an update, with a changed one always a replacement", () => {
  const named = (path: string, clusterIdentifier: string) => ({ kubeconfig: path, clusterIdentifier });
  assert.deepEqual(replaces(named(here, "a"), named(moved, "a")), []);
  assert.deepEqual(replaces(named(here, "a"), named(here, "b")), ["clusterIdentifier"]);
  assert.deepEqual(replaces(named(here, "a"), named(moved, "b")).toSorted(), ["clusterIdentifier", "kubeconfig"]);
});

test("to add or remove the identifier is an update, and does not protect in the same run", () => {
  assert.deepEqual(replaces({ kubeconfig: here }, { kubeconfig: here, clusterIdentifier: "a" }), []);
  assert.deepEqual(replaces({ kubeconfig: here, clusterIdentifier: "a" }, { kubeconfig: here }), []);
  assert.deepEqual(replaces({ kubeconfig: here }, { kubeconfig: moved, clusterIdentifier: "a" }), ["kubeconfig"]);
});

test("without a kubeconfig in the settings nothing is compared; one that is gone is an error", () => {
  assert.deepEqual(replaces({}, { kubeconfig: moved }), []);
  assert.deepEqual(replaces({ kubeconfig: here }, { kubeconfig: here, context: "unknown" }), []);
  assert.throws(() => diffProvider({ kubeconfig: join(folder, "gone") }, { kubeconfig: here }), {
    message: /^failed to parse kubeconfig: ENOENT/,
  });
});
