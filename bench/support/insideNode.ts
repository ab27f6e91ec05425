// Node loads this into every process of an observed command (NODE_OPTIONS). At its end, the process reports itself.
import { subscribe } from "node:diagnostics_channel";
import { appendFileSync } from "node:fs";
import { isObject } from "../../core/json.ts";
import { endedWaits } from "../../core/time/endedWait.ts";
import type { EndedWait } from "../../core/time/endedWait.ts";

export interface ProcessReport {
  /** `provider`, `program`, `the stand-ins`, `plugin command`, `language host`, or its first argument. */
  readonly name: string;
  /** Seconds of CPU time. */
  readonly cpu: number;
  /** Megabytes, at most. */
  readonly memory: number;
  /** Its HTTP requests, by undici: when it had sent each, and when it had the response, in milliseconds since 1970. */
  readonly requests: readonly (readonly [begun: number, ended: number])[];
  /** What it waited for by asking again and again. */
  readonly waits: readonly EndedWait[];
  /** Milliseconds since 1970. */
  readonly life: readonly [begun: number, ended: number];
}

const file = process.env["BENCH_PROCESSES"];
const begun = new Map<object, number>();
const requests: (readonly [number, number])[] = [];
const waits: EndedWait[] = [];
endedWaits.subscribe((message) => void waits.push(message as EndedWait));

const requestOf = (message: unknown): object | undefined =>
  isObject(message) && isObject(message["request"]) ? message["request"] : undefined;
// When it is sent, and not when it is made: until then it may wait for a connection, or for this process to have time.
subscribe("undici:client:sendHeaders", (message) => {
  const request = requestOf(message);
  if (request !== undefined) begun.set(request, Date.now());
});
for (const end of ["undici:request:trailers", "undici:request:error"]) {
  subscribe(end, (message) => {
    const request = requestOf(message);
    const start = request === undefined ? undefined : begun.get(request);
    if (request === undefined || start === undefined) return;
    begun.delete(request);
    requests.push([start, Date.now()]);
  });
}

process.once("exit", () => {
  if (file === undefined) return;
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const report: ProcessReport = {
    name: nameOf(process.argv[1] ?? ""),
    cpu: (userCPUTime + systemCPUTime) / 1e6,
    memory: maxRSS / 1024,
    requests,
    waits,
    life: [performance.timeOrigin, Date.now()],
  };
  // A line is written whole, so that those of several processes do not mix.
  appendFileSync(file, `${JSON.stringify(report)}\n`);
});

function nameOf(script: string): string {
  if (script.endsWith("provider/main.ts")) return "provider";
  if (script.endsWith("shared-host/host.ts")) return "the stand-ins";
  if (script.includes("/@pulumi/pulumi/cmd/run")) return "program";
  if (script.includes("language-host")) return "language host";
  const plugin = /pulumi-resource-(\w+)$|plugins\/(\w+)\//.exec(script);
  return plugin === null ? script.split("/").slice(-2).join("/") : `plugin ${plugin[1] ?? plugin[2] ?? ""}`;
}
