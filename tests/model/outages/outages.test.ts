import "../prepare.ts";
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Engine } from "../engine/engine.ts";
import { program } from "../engine/program.ts";
import { Homelab } from "../homelab/homelab.ts";
import type { Sent } from "../requests/gate.ts";
import type { Response } from "../requests/inProcess.ts";

// Every kind of request of an `up` fails once: a proxy or a server restarts, a connection breaks, an answer is late. The request reached nothing.

const FAULTS: Readonly<Record<string, () => Response>> = {
  "502": () => ({ status: 502, headers: {}, body: Buffer.from("bad gateway") }),
  "503 with Retry-After": () => ({ status: 503, headers: { "retry-after": "1" }, body: Buffer.from("busy") }),
  "a reset": () => {
    throw Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
  },
  "a timeout": () => {
    throw Object.assign(new Error("Headers Timeout Error"), { code: "UND_ERR_HEADERS_TIMEOUT" });
  },
};

let lab: Homelab;
let engine: Engine;

beforeEach(async () => {
  lab = await Homelab.start();
  engine = new Engine();
});
afterEach(async () => lab.stop());

for (const [name, fault] of Object.entries(FAULTS)) {
  test(`${name} at the first of each kind of request: up, refresh and destroy succeed`, async () => {
    const failed = new Set<string>();
    engine.refuse = ({ method, url }: Sent) => {
      const kind = `${method} ${url.pathname.replaceAll(/[0-9a-f-]{26,}|\d+/g, "*")}`;
      if (failed.has(kind)) return undefined;
      failed.add(kind);
      return fault();
    };
    const settings = lab.settings();
    const first = await engine.up(() => program(settings));
    assert.equal(first.how, "done", `${first.errors.join("\n")}\n${[...failed].slice(-8).join(", ")}`);
    assert.ok(failed.size > 40, `${failed.size} kinds of requests failed`);
    assert.ok(lab.accepts(lab.stored()["zot-ci-api"] ?? ""));
    assert.equal(lab.keys().filter(({ label }) => label.startsWith("zot-auth/")).length, 1, "no second key is left");
    failed.clear();
    const refreshed = await engine.refresh();
    assert.equal(refreshed.how, "done", refreshed.errors.join("\n"));
    assert.deepEqual((await engine.up(() => program(settings))).steps, [], "a refresh during an outage finds no drift");
    failed.clear();
    const gone = await engine.destroy();
    assert.equal(gone.how, "done", gone.errors.join("\n"));
  });
}
