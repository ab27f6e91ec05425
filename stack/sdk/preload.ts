// Node loads this before the SDK (Pulumi.yaml, nodeargs), and leaves out the parts of the SDK that this program never uses (docs/adr/0011).
import { Module, createRequire } from "node:module";

const require = createRequire(createRequire(import.meta.url).resolve("@pulumi/pulumi"));

const fail = (): never => {
  throw new Error("This program does not serialize functions: stack/sdk/preload.ts leaves that part of the SDK out.");
};

// For dynamic providers and Lambdas the SDK serializes functions. That loads npm's Arborist and the TypeScript compiler, turns the debugger on, and sets a
// V8 flag that makes Node's compile cache useless: in all, half of what the program's process costs.
leaveOut("./runtime/closure/serializeClosure", { serializeFunction: fail, serializeFunctionAsync: fail });
leaveOut("./runtime/closure/codePaths", { computeCodePaths: fail });
leaveOut("./runtime/closure/v8Hooks", { isInitializedAsync: async () => Promise.resolve() });

// The Automation API drives the CLI from a program, and `provider` serves a provider.
leaveOut("./automation", {});
leaveOut("./provider", {});

// Node runs our files as they are.
leaveOut("source-map-support/register", {});

if (!process.argv.includes("--tracing") && process.env["TRACEPARENT"] === undefined) {
  for (const part of [
    "resources",
    "sdk-trace-base",
    "exporter-zipkin",
    "instrumentation-grpc",
    "sdk-trace-node",
    "instrumentation",
  ])
    leaveOut(`@opentelemetry/${part}`, {});
  const span = { addEvent: nothing, end: nothing, setAttribute: nothing };
  leaveOut("@opentelemetry/api", {
    context: { active: nothing },
    propagation: { inject: nothing },
    trace: { getActiveSpan: nothing, getTracer: () => ({ startSpan: () => span }), setSpan: nothing },
  });
}

function nothing(): undefined {
  return undefined;
}

function leaveOut(part: string, exports: object): void {
  const file = require.resolve(part);
  require.cache[file] = Object.assign(new Module(file), { filename: file, loaded: true, exports });
}
