import { atMost } from "../measurement.ts";
import type { Measurement, Row, Size } from "../measurement.ts";
import { lineChart } from "../page/lines.ts";
import { observed } from "../support/command.ts";
import { PREVIEW, UP, UP_UNCHANGED, pulumiOn, repositories, startLab, withSettings } from "../support/lab.ts";
import { median, perDoubling, seconds } from "../support/numbers.ts";

const SIZES = {
  full: { recipients: [1, 10, 100, 500, 1000], accounts: [1, 5, 20] },
  smallest: { recipients: [1, 51], accounts: [2] },
} as const satisfies Record<Size, object>;

const COMMANDS = ["first up", "preview, no changes", "up, no changes", "rotation"] as const;
type Command = (typeof COMMANDS)[number];

interface Point {
  readonly size: number;
  readonly wall: Readonly<Record<Command, number>>;
  readonly cpu: Readonly<Record<Command, number>>;
  /** Megabytes of the provider, at most. */
  readonly memory: number;
  /** Bytes. */
  readonly state: number;
}

export const growth: Measurement = {
  name: "growth",
  title: "Growth",

  async run(size) {
    const recipients: Point[] = [];
    for (const count of SIZES[size].recipients)
      recipients.push(await measure(count, (config) => giveTo(config, count)));
    const accounts: Point[] = [];
    for (const count of SIZES[size].accounts)
      accounts.push(await measure(count, (config) => addAccounts(config, count)));
    const memory = Math.max(...[...recipients, ...accounts].map((point) => point.memory));
    return {
      rows: [
        ...recipients.map((point) => rowOf(point, point.size === 1 ? "recipient" : "recipients")),
        ...accounts.map((point) => rowOf(point, point.size === 1 ? "account" : "accounts")),
        ...COMMANDS.flatMap((command) => doubling("recipients", recipients, command)),
        ...COMMANDS.flatMap((command) => doubling("accounts", accounts, command)),
        {
          what: "the provider's memory, at most",
          measured: `${memory.toFixed(0)} MB`,
          goal: { text: "below 250 MB", met: memory < 250 },
        },
      ],
      chart: {
        description: `Time by number of recipients: ${COMMANDS.map((command) => `${command} ${recipients.map((point) => `${point.size}: ${seconds(point.wall[command])}`).join(", ")}`).join("; ")}.`,
        svg: lineChart(
          { x: "recipients", y: "seconds" },
          COMMANDS.map((command) => ({
            name: command,
            points: recipients.map((point) => [point.size, point.wall[command]] as const),
          })),
        ),
      },
    };
  },
};

async function measure(size: number, change: (config: Record<string, unknown>) => void): Promise<Point> {
  const withTrigger = (rotationTrigger: string) => (config: Record<string, unknown>) =>
    withSettings(config, "ci", { rotationTrigger, gracePeriod: "0 seconds" });
  const lab = await startLab((config) => {
    change(config);
    withTrigger("1")(config);
  });
  try {
    const first = await observed(...pulumiOn(lab, ...UP));
    const previews = await several(async () => observed(...pulumiOn(lab, ...PREVIEW)));
    const ups = await several(async () => observed(...pulumiOn(lab, ...UP_UNCHANGED)));
    lab.changeSettings(withTrigger("2"));
    const rotation = await observed(...pulumiOn(lab, ...UP));
    const of = (key: "wall" | "cpu"): Readonly<Record<Command, number>> => ({
      "first up": first[key],
      "preview, no changes": median(previews.map((run) => run[key])),
      "up, no changes": median(ups.map((run) => run[key])),
      rotation: rotation[key],
    });
    const provider = [first, ...previews, ...ups, rotation].flatMap(({ processes }) =>
      processes.filter(({ name }) => name === "provider").map(({ memory }) => memory),
    );
    if (provider.length === 0) throw new Error("no provider has reported its memory");
    return {
      size,
      wall: of("wall"),
      cpu: of("cpu"),
      memory: Math.max(...provider),
      state: Buffer.byteLength(lab.stateText()),
    };
  } finally {
    await lab.stop();
  }
}

async function several<T>(run: () => Promise<T>): Promise<readonly T[]> {
  return [await run(), await run(), await run()];
}

function giveTo(config: Record<string, unknown>, count: number): void {
  withSettings(config, "forgejo", { repositories: repositories(count) });
}

/** Each with a user, a namespace, a field in 1Password and a repository of its own. */
function addAccounts(config: Record<string, unknown>, count: number): void {
  const given = repositories(count);
  const accounts = given.map((repository, index) => {
    const [id, user, namespace, field] =
      index === 0
        ? ["ci", "zot-ci", "homelab", "zot-ci-api"]
        : [`a${index}`, `zot-a${index}`, `a${index}`, `key-${index}`];
    const keyStores = [`op://homelab/Forgejo Secrets/${field}`];
    return [id, { user, push: [namespace], keyStores, repositories: [repository] }] as const;
  });
  const { repositories: _ofOne, ...forgejo } = config["zot-auth:forgejo"] as Record<string, unknown>;
  config["zot-auth:forgejo"] = forgejo;
  config["zot-auth:ci"] = { accounts: Object.fromEntries(accounts) };
}

function rowOf({ size, wall, cpu, memory, state }: Point, of: string): Row {
  const all = COMMANDS.map((command) => `${command} ${seconds(wall[command])} (CPU ${seconds(cpu[command])})`);
  return {
    what: `${size} ${of}`,
    measured: `${all.join("; ")}; provider ${memory.toFixed(0)} MB; state ${(state / 1000).toFixed(0)} kB`,
  };
}

/** The steepest of the steps from size to size. None if there is only one size. */
function doubling(of: string, points: readonly Point[], command: Command): readonly Row[] {
  if (points.length < 2) return [];
  const steps = (key: "wall" | "cpu"): readonly number[] =>
    points.slice(1).map((point, index) => {
      const before = points[index] ?? point;
      return perDoubling([before.size, before[key][command]], [point.size, point[key][command]]);
    });
  const steepest = Math.max(...steps("wall"));
  return [
    {
      what: `${command}: twice the ${of} take`,
      measured: `at most ${steepest.toFixed(2)} times the time (CPU: ${Math.max(...steps("cpu")).toFixed(2)})`,
      goal: atMost(2.2, steepest, " times"),
    },
  ];
}
