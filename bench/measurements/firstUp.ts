import { atMost } from "../measurement.ts";
import type { Measurement } from "../measurement.ts";
import { traceChart } from "../page/trace.ts";
import { observed } from "../support/command.ts";
import { criticalPath, lengthOf, union, within } from "../support/criticalPath.ts";
import type { Span } from "../support/criticalPath.ts";
import { EmptyProgram } from "../support/emptyProgram.ts";
import { EventStream } from "../support/eventStream.ts";
import { UP, pulumiOn, startLab } from "../support/lab.ts";
import { median, seconds, times } from "../support/numbers.ts";
import { list, string, at } from "../../core/json.ts";

const ROUNDS = { full: 3, smallest: 1 } as const;

interface Trace {
  /** Seconds of the whole run. */
  readonly wall: number;
  /** Seconds on the critical path in which a server was answering or the host at work. */
  readonly waits: number;
  /** Seconds on the critical path. */
  readonly path: number;
  readonly names: readonly string[];
  readonly svg: string;
}

export const firstUp: Measurement = {
  name: "first-up",
  title: "The first `up`, against what it has to wait for",

  async run(size) {
    const empty = await EmptyProgram.create("asOurs");
    try {
      const floors: number[] = [];
      const traces: Trace[] = [];
      for (let round = 0; round < ROUNDS[size]; round += 1) {
        floors.push((await empty.run(...UP)).wall);
        traces.push(await traceOfFirstUp());
      }
      const floor = median(floors);
      const ratioOf = ({ wall, waits }: Trace): number => wall / (floor + waits);
      const ratio = median(traces.map(ratioOf));
      const shown = traces.find((trace) => ratioOf(trace) === ratio);
      if (shown === undefined) throw new Error("no run was traced");
      return {
        rows: [
          { what: "first `up`", measured: seconds(shown.wall) },
          { what: "the engine's floor: `up` of an empty program", measured: seconds(floor) },
          { what: "waits on the critical path", measured: seconds(shown.waits) },
          { what: "against floor and waits", measured: times(ratio), goal: atMost(1.3, ratio, " times") },
        ],
        details: `The critical path takes ${seconds(shown.path)}: ${shown.names.join(", ")}.`,
        chart: {
          description: `Steps of the first up. On the critical path: ${shown.names.join(", ")}.`,
          svg: shown.svg,
        },
      };
    } finally {
      empty.delete();
    }
  },
};

async function traceOfFirstUp(): Promise<Trace> {
  const lab = await startLab();
  try {
    const events = new EventStream();
    const [command, args, options] = pulumiOn(lab, ...UP, "--event-log", events.pipe);
    const start = Date.now();
    const { wall, processes } = await observed(command, args, options);
    const all = await events.steps();
    const resources = list(at(JSON.parse(lab.stateText()), "checkpoint", "latest", "resources"));
    const dependencies = dependenciesOf(resources);
    // Components, and the stack itself, last from their first to their last resource.
    const steps = new Map([...all].filter(([urn]) => dependencies.has(urn)));
    const requests = processes.flatMap((one) => (one.name === "provider" ? one.requests : []));
    const answering = (urn: string): readonly Span[] => {
      const step = steps.get(urn);
      if (step === undefined) return [];
      const span: Span = [step.begun, step.ended];
      // What a command does is the host's work: zot verifies the config, restarts, and reads it.
      return urn.includes("command:local:Command::") ? [span] : within(union(requests), span);
    };
    const path = criticalPath(steps, (urn) => dependencies.get(urn) ?? []);
    const relative = (when: number): number => (when - start) / 1000;
    const shown = [...steps]
      .filter(([urn, { begun, ended }]) => path.includes(urn) || ended - begun >= 20)
      .toSorted(([, left], [, right]) => left.begun - right.begun);
    return {
      wall,
      waits: lengthOf(union(path.flatMap(answering))) / 1000,
      path: path.reduce((sum, urn) => sum + durationOf(steps.get(urn)), 0),
      names: path.map((urn) => `${nameOf(urn)} ${seconds(durationOf(steps.get(urn)))}`),
      svg: traceChart(
        shown.map(([urn, { begun, ended }]) => ({
          name: nameOf(urn),
          begun: relative(begun),
          ended: relative(ended),
          critical: path.includes(urn),
          answering: answering(urn).map(([from, to]) => [relative(from), relative(to)] as const),
        })),
        wall,
      ),
    };
  } finally {
    await lab.stop();
  }
}

const durationOf = (step: { readonly begun: number; readonly ended: number } | undefined): number =>
  step === undefined ? 0 : (step.ended - step.begun) / 1000;

const nameOf = (urn: string): string => urn.split("::").at(-1) ?? urn;

/**
 * What each resource of the state waits for. Its provider is not among it: a default one is registered with its first resource, so that it would seem to be
 * what that resource had waited for.
 */
function dependenciesOf(resources: readonly unknown[]): ReadonlyMap<string, readonly string[]> {
  const custom = resources.filter((resource) => at(resource, "custom") === true);
  return new Map(
    custom.map((resource) => [string(at(resource, "urn")), list(at(resource, "dependencies")).map(string)]),
  );
}
