import { spawn } from "node:child_process";
import { fromSeconds } from "../../../core/time/duration.ts";
import { ZotAuthError } from "../../../core/errors.ts";
import type { Secret } from "../../../core/secrets/secret.ts";

/** Variables that `op` needs to find itself, its settings, the desktop app and the network. */
const PASSED_ON =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TERM|TZ|LANG|LC_\w+|XDG_\w+|DBUS_SESSION_BUS_ADDRESS|DISPLAY|WAYLAND_DISPLAY|OP_CONFIG_DIR|OP_BIOMETRIC_UNLOCK_ENABLED|(?:HTTPS?|ALL|NO)_PROXY|SSL_CERT_(?:FILE|DIR)|SYSTEMROOT|USERPROFILE|(?:LOCAL)?APPDATA)$/i;

export interface OpRun {
  readonly args: readonly string[];
  /** Goes to standard input. Default: empty. */
  readonly input?: Secret;
  readonly serviceAccountToken: Secret | undefined;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

/** The result of a run of `op`. The output holds secrets. */
export interface OpResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs `op`.
 *
 * While it runs, everybody on the machine can read its arguments (`ps`, /proc/<pid>/cmdline), so they hold no secret; root and processes of
 * the same user can read its environment (/proc/<pid>/environ), and our memory as well. A service account's token goes through the
 * environment, because `op` accepts it in no other way; all other secrets go through standard input. `op` does not inherit our
 * environment, which may hold tokens for other servers.
 *
 * @throws ZotAuthError `ONEPASSWORD_OP_MISSING`, `ONEPASSWORD_OP_TIMED_OUT`
 */
export async function runOp(run: OpRun): Promise<OpResult> {
  run.signal.throwIfAborted();
  const timeout = AbortSignal.timeout(run.timeoutSeconds * 1000);
  const child = spawn("op", run.args, {
    env: environment(run.serviceAccountToken),
    // Not an empty pipe: op would read it as a template or as a list of items.
    stdio: [run.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    signal: AbortSignal.any([run.signal, timeout]),
  });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => errors.push(chunk));
  child.stdin?.on("error", () => undefined); // op may end without reading; its exit code says why
  child.stdin?.end(run.input?.reveal());
  const code = await new Promise<number | null>((done, fail) => {
    child.once("error", (error: NodeJS.ErrnoException) => fail(startError(error, run, timeout)));
    child.once("close", done);
  });
  return { code, stdout: Buffer.concat(output).toString("utf8"), stderr: Buffer.concat(errors).toString("utf8") };
}

function environment(serviceAccountToken: Secret | undefined): Record<string, string> {
  const own = Object.entries(process.env).filter(
    ([name]) =>
      PASSED_ON.test(name) ||
      // Set by `eval $(op signin)`. A service account has no session.
      (serviceAccountToken === undefined && name.startsWith("OP_SESSION_")),
  );
  return {
    ...(Object.fromEntries(own) as Record<string, string>),
    // op's cache could return an old secret.
    OP_CACHE: "false",
    ...(serviceAccountToken === undefined ? {} : { OP_SERVICE_ACCOUNT_TOKEN: serviceAccountToken.reveal() }),
  };
}

/** Node's own errors carry the command line, and for some causes the environment, so they are not passed on. */
function startError(error: NodeJS.ErrnoException, run: OpRun, timeout: AbortSignal): Error {
  if (run.signal.aborted) return error;
  if (timeout.aborted) {
    return new ZotAuthError(
      "ONEPASSWORD_OP_TIMED_OUT",
      `1Password's CLI op timed out after ${fromSeconds(run.timeoutSeconds)}. If it asks for a fingerprint or password, answer it; for runs without a person, set onePassword.serviceAccountToken.`,
    );
  }
  if (error.code === "ENOENT") {
    return new ZotAuthError(
      "ONEPASSWORD_OP_MISSING",
      "1Password's CLI op is not on PATH. Install it, or set onePassword.connectUrl and onePassword.connectToken.",
    );
  }
  return new ZotAuthError(
    "ONEPASSWORD_OP_FAILED",
    `1Password's CLI op failed to start (${error.code ?? "unknown error"}). Check that \`op --version\` runs.`,
  );
}
