// Every model test imports this first: it sets up what must be in place before the program and the servers are loaded.
import { takeTheClock } from "./clock.ts";
import { guardRequests } from "./gate.ts";
import { keepInMemory } from "./memory.ts";
import { Resource } from "@pulumi/pulumi";
import { ask, takeShortcuts } from "./shortcut.ts";

takeTheClock();
takeShortcuts();
guardRequests(ask);
keepInMemory();
// Recording a stack trace for each promise would take half of the SDK's time here. A failing case reports its story instead.
Error.stackTraceLimit = 0;
Object.assign(Resource, { callsites: () => [] });
