import { setTimeout as delay } from "node:timers/promises";
import type { Measurement, Row } from "../measurement.ts";
import { Homelab } from "../../tests/engine/support/homelab.ts";
import { timed } from "../support/command.ts";
import { UP, pulumiOn, startLab, withSettings } from "../support/lab.ts";
import { median, seconds } from "../support/numbers.ts";
import { push } from "../support/pusher.ts";
import type { PushRequest } from "../support/pusher.ts";

const SIZES = {
  full: { rotations: 3, clients: 3, quiet: 4000 },
  smallest: { rotations: 1, clients: 1, quiet: 300 },
} as const;

export const rotation: Measurement = {
  name: "rotation",
  title: "A rotation while clients push",

  async run(size) {
    const { rotations, clients, quiet } = SIZES[size];
    const rotate = (trigger: number) => (config: Record<string, unknown>) =>
      withSettings(config, "ci", { rotationTrigger: String(trigger), gracePeriod: "0 seconds" });
    const lab = await startLab(rotate(0), "files");
    try {
      await timed(...pulumiOn(lab, ...UP));
      const homelab = new Homelab(lab);
      const end = new AbortController();
      const pushing = Promise.all(
        Array.from({ length: clients }, async (_, client) => push(homelab, `client-${client}`, end.signal)),
      );
      const phases: { readonly phase: Phase; readonly from: number; readonly to: number }[] = [];
      const during = async (phase: Phase, work: () => Promise<unknown>): Promise<void> => {
        const from = Date.now();
        await work();
        phases.push({ phase, from, to: Date.now() });
      };
      await during("before", async () => delay(quiet));
      for (let count = 1; count <= rotations; count += 1) {
        lab.changeSettings(rotate(count));
        await during("during", async () => timed(...pulumiOn(lab, ...UP)));
        await during("after", async () => delay(quiet));
      }
      end.abort();
      const requests = (await pushing).flat();
      const row = (phase: Phase): Row => {
        const spans = phases.filter((one) => one.phase === phase);
        const own = requests.filter(({ begun }) => spans.some(({ from, to }) => from <= begun && begun < to));
        const time = spans.reduce((sum, { from, to }) => sum + to - from, 0) / 1000;
        const took = own.map(({ begun, ended }) => ended - begun);
        return {
          what: `${phase} ${rotations === 1 ? "the rotation" : `${rotations} rotations`}`,
          measured: `${(own.length / time).toFixed(1)} requests a second, ${own.filter(isFailed).length} of ${own.length} failed, median ${median(took)} ms, slowest ${Math.max(0, ...took)} ms`,
        };
      };
      const failed = requests.filter(isFailed).length;
      const rotating = phases.filter(({ phase }) => phase === "during").map(({ from, to }) => (to - from) / 1000);
      return {
        rows: [
          ...(["before", "during", "after"] as const).map(row),
          { what: "failed requests", measured: String(failed), goal: { text: "none", met: failed === 0 } },
          { what: "a rotation, meanwhile", measured: seconds(median(rotating)) },
        ],
        details: `${clients} clients push a new image each every 300 ms, with the key that Forgejo has at that moment. The grace period is 0 seconds: the old key is revoked in the same \`up\`.`,
      };
    } finally {
      await lab.stop();
    }
  },
};

type Phase = "before" | "during" | "after";

const isFailed = ({ status }: PushRequest): boolean => status !== 201 && status !== 202;
