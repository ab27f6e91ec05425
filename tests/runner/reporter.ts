// What the runner wants to know of a process's tests: one line of JSON a result.
import type { TestEvent } from "node:test/reporters";
import { cpuSeconds } from "./cpuTime.ts";

/** A test or, with the file's name, a suite of {@link ./oneProcess.ts}. */
export interface Result {
  readonly name: string;
  readonly kind: "test" | "suite";
  readonly outcome: "passed" | "failed" | "skipped";
  readonly milliseconds: number;
  /** Why it was skipped. */
  readonly reason?: string;
}

/** The last line. */
export interface Total {
  /** CPU time of the process and of what it started. */
  readonly cpuSeconds: number;
}

export default async function* results(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of source) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    const skipped = data.skip !== undefined && data.skip !== false;
    const result: Result = {
      name: data.name,
      kind: data.details.type === "suite" ? "suite" : "test",
      outcome: type === "test:fail" ? "failed" : skipped ? "skipped" : "passed",
      milliseconds: data.details.duration_ms,
      ...(typeof data.skip === "string" ? { reason: data.skip } : {}),
    };
    yield `${JSON.stringify(result)}\n`;
  }
  yield `${JSON.stringify({ cpuSeconds: cpuSeconds() } satisfies Total)}\n`;
}
