import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";

// The script with which the workflows of a stack reach zot's host.

const SCRIPT = resolve(import.meta.dirname, "../../ci/with-ssh-key.sh");
const skip = spawnSync("ssh-keygen", ["-?"]).error === undefined ? false : "no ssh-keygen here";

function run(home: string, variables: NodeJS.ProcessEnv, command: string): ReturnType<typeof spawnSync> {
  return spawnSync("sh", [SCRIPT, "sh", "-c", command, "name", "an argument"], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HOME: home, TMPDIR: home, ...variables },
  });
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "zot-auth-ssh-"));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test("the command has the key in an agent, and in no file and no variable", { skip }, (t) => {
  const [home, keys] = [folder(t), folder(t)];
  const made = spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "ci", "-f", join(keys, "key")]);
  assert.equal(made.status, 0, String(made.stderr));
  const variables = {
    SSH_PRIVATE_KEY: readFileSync(join(keys, "key"), "utf8").trimEnd(),
    SSH_KNOWN_HOSTS: "indri ssh-ed25519 AAAA\nother ssh-ed25519 BBBB",
  };
  const command = 'ssh-add -L; env; echo "given: $1"; echo "agent: $SSH_AGENT_PID"; exit 7';
  for (const time of ["first", "second"]) {
    const { status, stdout, stderr } = run(home, variables, command);
    assert.equal(status, 7, `${time}: ${String(stderr)}`);
    const said = String(stdout);
    assert.ok(said.includes(readFileSync(join(keys, "key.pub"), "utf8").trim()));
    assert.match(said, /^given: an argument$/m);
    assert.doesNotMatch(said, /SSH_PRIVATE_KEY|PRIVATE KEY/);
    assert.deepEqual(
      readdirSync(home).filter((name) => !name.startsWith("zot-auth-ssh.")),
      [],
      "no key, no .ssh",
    );
  }
});

test(
  "the command's ssh trusts the hosts of SSH_KNOWN_HOSTS alone, whatever $HOME and the user's own files are",
  { skip },
  (t) => {
    const [home, keys] = [folder(t), folder(t)];
    spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(keys, "key")]);
    const hostsOf = (known: string): readonly string[] => {
      const variables = { SSH_PRIVATE_KEY: readFileSync(join(keys, "key"), "utf8"), SSH_KNOWN_HOSTS: known };
      const { status, stdout, stderr } = run(home, variables, "ssh -G -p 2222 indri");
      assert.equal(status, 0, String(stderr));
      const settings = String(stdout);
      assert.match(settings, /^port 2222$/m);
      assert.match(settings, /^globalknownhostsfile \/dev\/null$/m);
      assert.match(settings, /^stricthostkeychecking (?:true|yes)$/m);
      const file = /^userknownhostsfile "?([^"\n]*)"?$/m.exec(settings)?.[1] ?? "";
      assert.equal(statSync(file).mode & 0o77, 0);
      return readFileSync(file, "utf8").trimEnd().split("\n");
    };
    const [indri, other] = ["indri ssh-ed25519 AAAA", "other ssh-ed25519 BBBB"];
    assert.deepEqual(hostsOf(`${indri}\n${other}`), [indri, other]);
    assert.deepEqual(hostsOf(other), [other], "one that was removed is no longer trusted");
  },
);

test("without a key the command runs with what the runner's user has", (t) => {
  const home = folder(t);
  const { status, stdout } = run(home, { SSH_PRIVATE_KEY: "", SSH_AUTH_SOCK: "/own" }, 'echo "$SSH_AUTH_SOCK"; exit 3');
  assert.equal(status, 3);
  assert.equal(stdout, "/own\n");
  assert.deepEqual(readdirSync(home), []);
});

for (const [what, variables, message] of [
  ["a key without known hosts", { SSH_PRIVATE_KEY: "key" }, /^with-ssh-key: SSH_KNOWN_HOSTS is empty/],
  [
    "a key that is none",
    { SSH_PRIVATE_KEY: "not-a-key", SSH_KNOWN_HOSTS: "indri ssh-ed25519 AAAA" },
    /^with-ssh-key: SSH_PRIVATE_KEY is not a private key without a passphrase$/m,
  ],
] as const) {
  test(`${what} is an error, and the command does not run`, { skip }, (t) => {
    const { status, stdout, stderr } = run(folder(t), variables, "echo ran");
    assert.equal(status, 2);
    assert.equal(stdout, "");
    assert.match(String(stderr), message);
    assert.doesNotMatch(String(stderr), /not-a-key/);
  });
}
