// Imported first by every test of the model: what has to be in place before the program and the servers are loaded.
import { takeTheClock } from "./clock.ts";
import { guardRequests } from "./gate.ts";
import { keepInMemory } from "./memory.ts";
import { Resource } from "@pulumi/pulumi";
import { ask, takeShortcuts } from "./shortcut.ts";

takeTheClock();
takeShortcuts();
guardRequests(ask);
keepInMemory();
// The SDK notes a stack for each promise: half of its time here. A case that fails says what it did instead.
Error.stackTraceLimit = 0;
Object.assign(Resource, { callsites: () => [] });
