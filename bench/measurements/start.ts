import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { EngineLab } from "../../tests/engine/support/harness.ts";
import { atMost } from "../measurement.ts";
import type { Measurement, Row } from "../measurement.ts";
import { timed } from "../support/command.ts";
import { median, seconds } from "../support/numbers.ts";

const ROUNDS = { full: { provider: 9, lab: 5, start: 3 }, smallest: { provider: 1, lab: 1, start: 0 } } as const;

export const start: Measurement = {
  name: "start",
  title: "Starts",

  async run(size) {
    const rounds = ROUNDS[size];
    const [provider, lab] = [await repeat(rounds.provider, startOfProvider), await repeat(rounds.lab, startOfLab)];
    return {
      rows: [
        { what: "the provider, until it listens", measured: seconds(provider) },
        {
          what: "the lab, until all its servers answer",
          measured: seconds(lab),
          goal: { text: "below 1 s", met: lab < 1 },
        },
        ...(rounds.start === 0 ? [] : [await npmStart(rounds.start)]),
      ],
    };
  },
};

async function repeat(count: number, once_: () => Promise<number>): Promise<number> {
  const all: number[] = [];
  for (let round = 0; round < count; round += 1) all.push(await once_());
  return median(all);
}

async function startOfProvider(): Promise<number> {
  const begun = performance.now();
  const provider = spawn(resolve("provider/pulumi-resource-zot-auth"), ["127.0.0.1:1"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(provider.stdout, "data");
  const took = (performance.now() - begun) / 1000;
  const ended = once(provider, "exit");
  // As when the engine is gone.
  provider.stdin.end();
  await ended;
  return took;
}

async function startOfLab(): Promise<number> {
  const begun = performance.now();
  const lab = await EngineLab.startServers(() => undefined, "processes");
  const took = (performance.now() - begun) / 1000;
  await lab.stop();
  return took;
}

/** In this folder, where a user runs it too: only if there is no lab, whose data somebody may need. */
async function npmStart(rounds: number): Promise<Row> {
  const what = "`npm start`, everything installed, a new lab";
  if (existsSync(".lab/secrets"))
    return { what, measured: "not measured: this folder has a lab (`npm run lab:stop -- --delete`)" };
  const took = await repeat(rounds, async () => {
    try {
      return (await timed("npm", ["start"])).wall;
    } finally {
      await timed("npm", ["run", "lab:stop", "--", "--delete"]);
    }
  });
  return { what, measured: seconds(took), goal: atMost(10, took, " s") };
}
