// The process that serves the stand-ins of one run of the CLI. The process of each (thin.js) holds a connection as long as it lives, and this one ends with the
// last of them, however that ended.
import { readdirSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import type { Socket } from "node:net";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { at, list, string } from "../../core/json.ts";
import { isAlive } from "../system/processes.js";
import { STAND_INS } from "./standIns.ts";
import type { Served } from "./standIns.ts";

/** How often it looks whether the CLI still runs, while it waits for the CLI's next stand-in. */
const LOOK_MILLISECONDS = 20;
/** How long it looks. A process whose CLI ended first has another parent, such as the first process, which never ends. */
const LOOKS_AT_MOST_MILLISECONDS = 3000;
/** After so many refused connections, a socket is no longer taken for that of a host that has just begun. */
const REFUSALS = 5;

const [address = "", cli = ""] = process.argv.slice(2);
/** What must go before this process ends: connections, and the process that started it. */
const holders = new Set<object>([process.stdin]);
const serving = new Map<Socket, Promise<Served>>();
/** Whether a run has begun. Before it, the CLI starts a language host that it asks for the plugins alone, ends it, and starts another one. */
let begun = false;

const server = createServer({ allowHalfOpen: true }, (connection) => {
  holders.add(connection);
  connection.on("error", () => undefined).once("close", () => release(connection));
  createInterface(connection).once("line", (request) => void serve(connection, JSON.parse(request)));
  // The stand-in was stopped, or its process died.
  connection.once("end", () => void end(connection));
});

async function serve(connection: Socket, request: unknown): Promise<void> {
  const start = STAND_INS[string(at(request, "standIn"))];
  if (start === undefined) throw new Error(`there is no such stand-in: ${JSON.stringify(at(request, "standIn"))}`);
  const write = (stream: "stdout" | "stderr", chunk: Buffer | string): void =>
    void connection.write(`${JSON.stringify({ [stream]: Buffer.from(chunk).toString("base64") })}\n`);
  const served = start({
    args: list(at(request, "args")).map(string),
    environment: { ...process.env, ...(at(request, "variables") as NodeJS.ProcessEnv) },
    write,
    onRun: () => (begun = true),
  });
  serving.set(connection, served);
  const { port } = await served;
  write("stdout", `${port}\n`);
}

async function end(connection: Socket): Promise<void> {
  const served = serving.get(connection);
  serving.delete(connection);
  await (await served)?.end();
  connection.end();
}

function release(holder: object, since = Date.now()): void {
  holders.delete(holder);
  if (holders.size > 0) return;
  if (begun || !isAlive(Number(cli)) || Date.now() - since > LOOKS_AT_MOST_MILLISECONDS) stop();
  else setTimeout(() => holders.size === 0 && release(holder, since), LOOK_MILLISECONDS);
}

/** A stand-in that connects now is refused, and starts another host. */
function stop(): void {
  server.close();
  process.exit(0);
}

const endAll = (): void => void Promise.allSettled([...serving.keys()].map(end)).then(stop);
process.once("SIGINT", endAll).once("SIGTERM", endAll);

// The process that started this one reads them, and may have ended.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
process.stdin.once("end", () => release(process.stdin)).resume();

const ready = (): void => void process.stdout.write("ready\n");

/**
 * Listens, unless a host of another stand-in that started at the same time does already: that one is as good. It may not have come to answer yet.
 * @param refused how often nobody answered
 */
function listen(refused = 0): void {
  server.once("error", (error: NodeJS.ErrnoException) => {
    // No socket can be here: each stand-in serves itself.
    if (error.code !== "EADDRINUSE") process.exit(1);
    connect(address)
      .once("connect", () => process.stdout.write("ready\n", () => process.exit(0)))
      .once("error", () => {
        // Of a host that was killed.
        if (refused === REFUSALS) rmSync(address, { force: true });
        setTimeout(listen, LOOK_MILLISECONDS, refused + 1);
      });
  });
  server.listen(address, ready);
}

/** A host that is killed leaves its socket behind. */
function removeLeftovers(): void {
  for (const name of readdirSync(dirname(address))) {
    const pid = /^(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(dirname(address), name), { force: true });
  }
}

removeLeftovers();
listen();
