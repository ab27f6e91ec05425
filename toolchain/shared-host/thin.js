// The process that the CLI starts for a stand-in. Nearly all of what such a process costs is Node with gRPC and its messages. So one process, the host, serves
// all stand-ins of a run of the CLI, and that of each does no more than print the port, pass on what the host has for it, and last as long as the CLI wants it.
//
// Plain JavaScript, and no more of Node than it needs: it must start fast.
import { fstatSync } from "node:fs";
import { connect } from "node:net";
import { addressOf, ownVariables } from "./address.js";

/** The host's own limit is less, and the CLI kills a plugin after 5 s. */
const GRACE_MILLISECONDS = 4500;
/** A host may end at the very moment at which another stand-in starts. */
const ATTEMPTS = 5;

/**
 * Has the host of this run serve a stand-in, until the CLI stops this process or is gone.
 * @param {string} standIn
 * @param {() => Promise<unknown>} alone serves it in this process: where no host can be reached or started
 */
export async function serveThroughHost(standIn, alone) {
  const address = addressOf(process.env, process.cwd(), process.ppid);
  for (let attempt = 0; address !== undefined && attempt < ATTEMPTS; attempt += 1) {
    const connection = await connectTo(address);
    if (connection !== undefined) await served(connection, standIn);
    else {
      const { startHost } = await import("./start.js");
      if (!(await startHost(address, process.ppid))) break;
    }
  }
  await alone();
}

/**
 * @param {string} address
 * @returns {Promise<import("node:net").Socket | undefined>} undefined if no host is there
 */
function connectTo(address) {
  return new Promise((resolve) => {
    const connection = connect({ path: address, allowHalfOpen: true });
    connection.once("error", () => resolve(undefined)).once("connect", () => resolve(connection));
  });
}

/**
 * @param {import("node:net").Socket} connection
 * @param {string} standIn
 * @returns {Promise<void>} when the host ended before it served the stand-in. Otherwise this process ends with it
 */
function served(connection, standIn) {
  return new Promise((resolve) => {
    let heard = false;
    let ending = false;
    let rest = "";
    const end = () => {
      if (ending) return;
      ending = true;
      // The host cancels what runs, waits for it, and closes.
      connection.end();
      setTimeout(() => process.exit(0), GRACE_MILLISECONDS);
    };
    connection
      .setEncoding("utf8")
      .on("data", (/** @type {string} */ text) => {
        heard = true;
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) passOn(/** @type {Output} */ (JSON.parse(line)));
      })
      .on("error", () => undefined)
      // The host has ended: its own end is not this side's.
      .once("end", () => connection.end())
      .once("close", () => {
        if (heard || ending) process.exit(ending ? 0 : 1);
        resolve();
      });
    connection.write(
      `${JSON.stringify({ standIn, args: process.argv.slice(2), variables: ownVariables(process.env) })}\n`,
    );
    process.on("SIGINT", end).on("SIGTERM", end);
    // The CLI holds the other end and never writes to it. One that is started by hand has a terminal or nothing there.
    const input = fstatSync(0);
    if (input.isFIFO() || input.isSocket()) process.stdin.once("end", end).once("error", end).resume();
  });
}

/** @typedef {{ stdout?: string, stderr?: string }} Output in base64: what a program writes need not be text */

/** @param {Output} output */
function passOn({ stdout, stderr }) {
  if (stdout !== undefined) process.stdout.write(Buffer.from(stdout, "base64"));
  if (stderr !== undefined) process.stderr.write(Buffer.from(stderr, "base64"));
}
