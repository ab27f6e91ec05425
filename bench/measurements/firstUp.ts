import { atMost } from "../measurement.ts";
import type { Measurement, Row } from "../measurement.ts";
import { traceChart } from "../page/trace.ts";
import { observed } from "../support/command.ts";
import { criticalPath, sharesOf, union, within } from "../support/criticalPath.ts";
import type { Shares, Span } from "../support/criticalPath.ts";
import { dependenciesOf } from "../support/dependencies.ts";
import { EmptyProgram } from "../support/emptyProgram.ts";
import { EventStream } from "../support/eventStream.ts";
import type { StepTimes } from "../support/eventStream.ts";
import type { ProcessReport } from "../support/insideNode.ts";
import { UP, pulumiOn, startLab } from "../support/lab.ts";
import { median, seconds, times } from "../support/numbers.ts";
import { at, list } from "../../core/json.ts";

const ROUNDS = { full: 3, smallest: 1 } as const;

/** The lab's zot, in a process's report: what the host runs. */
const ZOT = "zot/main.ts";

interface Trace {
  /** Seconds of the whole run. */
  readonly wall: number;
  /** Seconds of CPU time. */
  readonly cpu: number;
  readonly processes: readonly ProcessReport[];
  readonly shares: Shares;
  /** Seconds on the critical path. */
  readonly path: number;
  readonly names: readonly string[];
  readonly svg: string;
}

/** Seconds in which nothing could go on before a server or the host was done. */
const waitsOf = ({ shares: { hostBefore, answering, notYet } }: Trace): number =>
  (hostBefore + answering + notYet) / 1000;

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
      const ratioOf = (trace: Trace): number => trace.wall / (floor + waitsOf(trace));
      const ratio = median(traces.map(ratioOf));
      const shown = traces.find((trace) => ratioOf(trace) === ratio);
      if (shown === undefined) throw new Error("no run was traced");
      return {
        rows: [
          { what: "first `up`", measured: seconds(shown.wall) },
          { what: "the engine's floor: `up` of an empty program", measured: seconds(floor) },
          { what: "waits on the critical path", measured: seconds(waitsOf(shown)) },
          { what: "against floor and waits", measured: times(ratio), goal: atMost(1.3, ratio, " times") },
          ...timesOf(shown),
        ],
        details: `The critical path takes ${seconds(shown.path)}: ${shown.names.join(", ")}.\n\n${cpuOf(shown)}`,
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

/** The parts add up to the first row of the table. */
function timesOf({ shares }: Trace): readonly Row[] {
  const { before, hostBefore, answering, notYet, unseen, own, between, after } = shares;
  return Object.entries({
    "until the first row begins: the CLI, the program, the plugins": before - hostBefore,
    "meanwhile, the host tells what it has": hostBefore,
    "on the critical path, a server answers or the host is at work": answering,
    "a server does not have the result yet": notYet,
    "it may have it, and is asked again a moment later": unseen,
    "rows: the provider and the engine": own,
    "from one row to the next: the program, the engine, the state": between,
    "from the last row to the end": after,
  }).map(([what, time]) => ({ what, measured: seconds(time / 1000) }));
}

function cpuOf({ cpu, processes }: Trace): string {
  const rest = cpu - processes.reduce((sum, one) => sum + one.cpu, 0);
  const each = [...Map.groupBy(processes, ({ name }) => name)].map(([name, all]) => {
    const together = seconds(all.reduce((sum, one) => sum + one.cpu, 0));
    return `${name} ${together}${all.length === 1 ? "" : ` (${all.length} processes)`}`;
  });
  return `Its CPU time, ${seconds(cpu)}, by process: ${each.join(", ")}, the CLI and what it starts besides ${seconds(rest)}.`;
}

async function traceOfFirstUp(): Promise<Trace> {
  const lab = await startLab();
  try {
    const events = new EventStream();
    const [command, args, options] = pulumiOn(lab, ...UP, "--event-log", events.pipe);
    const start = Date.now();
    const { wall, cpu, processes } = await observed(command, args, options);
    const all = await events.steps();
    const resources = list(at(JSON.parse(lab.stateText()), "checkpoint", "latest", "resources"));
    const dependencies = dependenciesOf(resources);
    // Components, and the stack itself, last from their first to their last resource.
    const steps = new Map([...all].filter(([urn]) => dependencies.has(urn)));
    const provider = processes.filter(({ name }) => name === "provider");
    const requests = provider.flatMap((one) => one.requests);
    const waits = provider.flatMap((one) => one.waits);
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
      cpu,
      processes,
      shares: sharesOf([start, start + wall * 1000], {
        path: path.flatMap((urn) => spanOf(steps.get(urn))),
        host: processes.flatMap(({ name, life }) => (name === ZOT ? [life] : [])),
        answering: path.flatMap(answering),
        notYet: waits.map(({ begun, nothingUntil }) => [begun, nothingUntil]),
        unseen: waits.map(({ nothingUntil, seenFrom }) => [nothingUntil, seenFrom]),
      }),
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

const spanOf = (step: StepTimes | undefined): readonly Span[] => (step === undefined ? [] : [[step.begun, step.ended]]);

const nameOf = (urn: string): string => urn.split("::").at(-1) ?? urn;
