// Every model test imports this first: it sets up what must be in place before the program and the servers are loaded.
import "../../stack/sdk/preload.ts";
import { takeTheClock } from "./homelab/clock.ts";
import { guardRequests } from "./requests/gate.ts";
import { keepInMemory } from "./homelab/memory.ts";
import { createRequire } from "node:module";
import { Resource } from "@pulumi/pulumi";
import { ask, takeShortcuts } from "./requests/shortcut.ts";

const debuggable = createRequire(import.meta.url)("@pulumi/pulumi/runtime/debuggable") as object;

takeTheClock();
takeShortcuts();
guardRequests(ask);
keepInMemory();
// The SDK's search for leaked promises would take a good part of the time here. A failing case reports its story instead of a stack trace.
Error.stackTraceLimit = 0;
Object.assign(Resource, { callsites: () => [] });
Object.assign(debuggable, { debuggablePromise: (promise: unknown) => promise });
