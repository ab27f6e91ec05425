// A real sshd on loopback, run by whoever runs the tests, with keys of its own; and an `ssh` on PATH that knows it as the host "indri".
import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { quote } from "../../../../../systems/zot/host/shell/shell.ts";
import { freePort } from "../../../../support/freePorts.ts";

const SSHD = ["/usr/sbin/sshd", "/usr/bin/sshd", "/sbin/sshd"].find((file) => existsSync(file));

/** In the place of OpenSSH's own choice, which guards against quantum computers: each connection of a test would spend 0.2 s of CPU on it. */
const KEY_EXCHANGE = "KexAlgorithms curve25519-sha256";

/** Why there can be no sshd here; `undefined` when there can. */
export function noSshd(): string | undefined {
  if (SSHD === undefined) return "sshd is not installed (Debian: apt-get install openssh-server)";
  if (userInfo().uid === 0 && !existsSync("/run/sshd") && process.platform === "linux") {
    return "root's sshd needs the folder /run/sshd (mkdir /run/sshd)";
  }
  return undefined;
}

export class Sshd {
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(folder: string, process: ChildProcess) {
    this.#folder = folder;
    this.#process = process;
  }

  static async start(): Promise<Sshd> {
    const folder = mkdtempSync(join(tmpdir(), "zot-auth-sshd-"));
    const port = await freePort();
    const at = (name: string): string => join(folder, name);
    for (const key of ["host", "user", "stranger"]) {
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", key, "-f", at(key)]);
    }
    copyFileSync(at("user.pub"), at("authorized_keys"));
    writeFileSync(at("known_hosts"), `[127.0.0.1]:${port} ${readFileSync(at("host.pub"), "utf8")}`);
    writeFileSync(
      at("sshd_config"),
      `ListenAddress 127.0.0.1
Port ${port}
HostKey ${at("host")}
AuthorizedKeysFile ${at("authorized_keys")}
PidFile none
${KEY_EXCHANGE}
UsePAM no
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
`,
    );
    writeFileSync(
      at("ssh_config"),
      `Host indri unknown stranger
  HostName 127.0.0.1
  Port ${port}
  User ${userInfo().username}
  ${KEY_EXCHANGE}
  IdentitiesOnly yes
  IdentityAgent none
  GlobalKnownHostsFile none
Host unknown
  UserKnownHostsFile ${at("empty")}
Host stranger
  IdentityFile ${at("stranger")}
Host indri unknown
  IdentityFile ${at("user")}
Host indri stranger
  UserKnownHostsFile ${at("known_hosts")}
Host gone
  HostName 127.0.0.1
  Port 1
`,
    );
    mkdirSync(at("bin"));
    const ssh = execFileSync("/bin/sh", ["-c", "command -v ssh"], { encoding: "utf8" }).trim();
    writeFileSync(at("bin/ssh"), `#!/bin/sh\nexec ${quote(ssh)} -F ${quote(at("ssh_config"))} "$@"\n`);
    chmodSync(at("bin/ssh"), 0o755);
    const process = spawn(SSHD ?? "sshd", ["-D", "-e", "-f", at("sshd_config")], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const log: Buffer[] = [];
    process.stderr.on("data", (chunk: Buffer) => log.push(chunk));
    const sshd = new Sshd(folder, process);
    const end = Date.now() + 5000;
    while (!(await answers(port))) {
      if (Date.now() > end) throw new Error(`sshd does not start: ${Buffer.concat(log).toString()}`);
      await delay(50);
    }
    return sshd;
  }

  get environment(): NodeJS.ProcessEnv {
    return { PATH: `${join(this.#folder, "bin")}:${process.env["PATH"] ?? ""}` };
  }

  close(): void {
    this.#process.kill();
    rmSync(this.#folder, { recursive: true });
  }
}

async function answers(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", () => done(false));
    socket.once("data", () => {
      socket.destroy();
      done(true);
    });
  });
}
