// The runner runs real workflows: the environment of a step, the log, and the status of a run.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { forgejo } from "./instance.ts";

const workflow = (name: string, text: string): Record<string, string> => ({ [`.forgejo/workflows/${name}`]: text });

await test("a step gets the inputs, variables, environment and the repository's files", async (t) => {
  const server = await forgejo(t, {
    files: {
      "src/hello.txt": "hello from the tree\n",
      ...workflow(
        "build.yaml",
        `
name: build
on:
  workflow_dispatch:
    inputs:
      container: { required: true }
      level: { default: low }
env: { OUTER: "outer \${{ inputs.level }}" }
jobs:
  build:
    runs-on: docker
    env: { MIDDLE: middle }
    steps:
      - uses: https://code.forgejo.org/actions/checkout@v4
      - run: cat src/hello.txt
      - name: Show
        env: { INNER: "\${{ env.MIDDLE }}-inner" }
        run: |
          echo "$OUTER $MIDDLE $INNER \${{ inputs.container }} \${{ vars.PLACE }}"
          echo "\${{ github.repository }} \${{ forgejo.run_number }} $GITHUB_REF_NAME \${{ github.server_url }}"
          test "$GITHUB_SHA" = "\${{ github.sha }}" && test "$CI" = true
`,
      ),
    },
  });
  await server.ask("POST", "/api/v1/repos/own/app/actions/variables/PLACE", { value: "here" });
  const { id, run_number: number } = await server.dispatch("build.yaml", { container: "nettest" });
  const run = await server.ended(id);
  const log = await server.log(number);
  assert.equal(run.status, "success", log);
  assert.match(log, /^hello from the tree$/m);
  assert.match(log, /^outer low middle middle-inner nettest here$/m);
  assert.match(log, new RegExp(`^own/app 1 main ${server.url}$`, "m"));
  assert.match(log, /^ {2}✅ {2}Success - Main Show$/m);
  assert.match(run.commit_sha, /^[0-9a-f]{40}$/);
  assert.equal(run.title, "build");
  assert.equal(run.event, "");
  assert.equal(run.trigger_event, "workflow_dispatch");
  assert.equal(run.html_url, `${server.url}/own/app/actions/runs/1`);
  assert.deepEqual((JSON.parse(run.event_payload) as { inputs: unknown }).inputs, {
    container: "nettest",
    level: "low",
  });
  assert.notEqual(run.stopped, "1970-01-01T00:00:00Z");
});

await test("a run gets the current secrets, the repository's take precedence over the owner's, and the log masks complete values", async (t) => {
  const server = await forgejo(t, {
    files: workflow(
      "secret.yaml",
      `
on: workflow_dispatch
jobs:
  one:
    runs-on: docker
    steps:
      - env: { KEY: "\${{ secrets.KEY }}", LONG: "\${{ secrets.LONG }}", SHARED: "\${{ secrets.shared }}" }
        run: |
          echo "key=$KEY"; echo "part=\${KEY:0:4}"; echo "multi=$LONG"; echo "one=$(echo "$LONG" | head -1)"
          test "$SHARED" = of-the-owner && echo shared-is-there
          echo "checksum=$(printf %s "$KEY" | cksum)"
`,
    ),
    seed: {
      users: [],
      tokens: [{ token: "a".repeat(40), user: "own", scopes: ["write:user"] }],
    },
  });
  await server.ask("PUT", "/api/v1/user/actions/secrets/SHARED", { data: "of-the-owner" }, "a".repeat(40));
  await server.ask("PUT", "/api/v1/user/actions/secrets/KEY", { data: "the owner's" }, "a".repeat(40));
  const put = (name: string, data: string): Promise<unknown> =>
    server.ask("PUT", `/api/v1/repos/own/app/actions/secrets/${name}`, { data });
  await put("LONG", "line-one-x\nline-two-y\n");
  const logs: string[] = [];
  for (const key of ["hunter2-Secret/Value==", "another value"]) {
    await put("KEY", key);
    const { id, run_number: number } = await server.dispatch("secret.yaml");
    assert.equal((await server.ended(id)).status, "success");
    logs.push(await server.log(number));
  }
  const [first = "", second = ""] = logs;
  assert.match(first, /^key=\*\*\*$/m);
  assert.match(first, /^part=hunt$/m);
  assert.match(first, /^multi=\*\*\*\n\*\*\*\n\*\*\*\none=line-one-x$/m);
  assert.match(first, /^shared-is-there$/m);
  assert.doesNotMatch(first, /hunter2-Secret/);
  const checksum = (log: string): string | undefined => /checksum=(\d+)/.exec(log)?.[1];
  assert.notEqual(checksum(first), checksum(second));
});

await test("a failing step fails the job; `if` decides which steps run after it", async (t) => {
  const server = await forgejo(t, {
    files: workflow(
      "fail.yaml",
      `
on: workflow_dispatch
jobs:
  one:
    runs-on: docker
    steps:
      - run: "false | true"
      - run: echo never
      - if: always()
        run: echo cleaned
      - if: failure() && github.repository == 'own/app'
        run: echo told
      - if: \${{ success() }}
        run: echo neither
`,
    ),
  });
  const { id, run_number: number } = await server.dispatch("fail.yaml");
  assert.equal((await server.ended(id)).status, "failure");
  const log = await server.log(number);
  assert.match(log, /^exitcode '1': failure$/m);
  assert.match(log, /^cleaned$/m);
  assert.match(log, /^told$/m);
  assert.doesNotMatch(log, /^(?:never|neither)$/m);
  assert.match(log, /Job failed\n$/);
});

await test("`needs` orders the jobs and passes outputs; jobs that need a failed job are skipped", async (t) => {
  const server = await forgejo(t, {
    files: {
      ...workflow(
        "chain.yaml",
        `
on: workflow_dispatch
jobs:
  last:
    needs: [first]
    runs-on: docker
    steps: [{ run: "echo got \${{ needs.first.outputs.word }} \${{ needs.first.result }}" }]
  first:
    runs-on: docker
    outputs: { word: "\${{ steps.say.outputs.word }}" }
    steps:
      - id: say
        run: echo word=hi >> "$GITHUB_OUTPUT"; echo LATER=yes >> "$FORGEJO_ENV"
      - run: test "$LATER" = yes
`,
      ),
      ...workflow(
        "broken-chain.yaml",
        `
on: workflow_dispatch
jobs:
  first: { runs-on: docker, steps: [{ run: exit 3 }] }
  skipped: { needs: first, runs-on: docker, steps: [{ run: echo no }] }
  report: { needs: first, if: always(), runs-on: docker, steps: [{ run: "echo first \${{ needs.first.result }}" }] }
`,
      ),
    },
  });
  const chain = await server.dispatch("chain.yaml");
  assert.equal((await server.ended(chain.id)).status, "success");
  assert.match(await server.log(chain.run_number, 0), /^got hi success$/m);
  const broken = await server.dispatch("broken-chain.yaml");
  assert.equal((await server.ended(broken.id)).status, "failure");
  assert.match(await server.log(broken.run_number, 2), /^first failure$/m);
  assert.equal(await server.log(broken.run_number, 1), "Not found.\n");
});

await test("unsupported actions, unknown contexts and a matrix fail the job with a message in the log", async (t) => {
  const job = (text: string): string => `on: workflow_dispatch\njobs:\n  one:\n    runs-on: docker\n${text}`;
  const server = await forgejo(t, {
    files: {
      ...workflow("uses.yaml", job("    steps: [{ uses: docker/build-push-action@v6 }]\n")),
      ...workflow("context.yaml", job('    steps: [{ run: "echo ${{ matrix.x }}" }]\n')),
      ...workflow("matrix.yaml", job("    strategy: { matrix: { x: [1] } }\n    steps: [{ run: echo }]\n")),
    },
  });
  for (const [file, line] of [
    ["uses.yaml", /cannot fetch the action "docker\/build-push-action@v6"/],
    ["context.yaml", /unknown context "matrix"/],
    ["matrix.yaml", /does not support "strategy" in a job/],
  ] as const) {
    const { id, run_number: number } = await server.dispatch(file);
    assert.equal((await server.ended(id)).status, "failure", file);
    assert.match(await server.log(number), line);
  }
});

await test("programs in pathPrefix take precedence, and steps do not inherit this process's environment", async (t) => {
  const server = await forgejo(t, {
    files: workflow(
      "tool.yaml",
      "on: workflow_dispatch\njobs: { one: { runs-on: docker, steps: [{ run: 'lab-tool; echo \"leak=$LEAK given=$GIVEN\"' }] } }\n",
    ),
    runner: { pathPrefix: [join(import.meta.dirname, "nowhere")], environment: { GIVEN: "yes" } },
  });
  process.env["LEAK"] = "secret";
  t.after(() => delete process.env["LEAK"]);
  const without = await server.dispatch("tool.yaml");
  assert.equal((await server.ended(without.id)).status, "failure");
  await server.stop();
  const folder = join(server.data, "bin");
  mkdirSync(folder);
  writeFileSync(join(folder, "lab-tool"), "#!/bin/sh\necho tool ran\n");
  chmodSync(join(folder, "lab-tool"), 0o755);
  const { startForgejo } = await import("../../../lab/forgejo/server.ts");
  const again = await startForgejo({
    port: 0,
    data: server.data,
    runner: { pathPrefix: [folder], environment: { GIVEN: "yes" } },
  });
  t.after(() => again.close());
  Object.defineProperty(server, "url", { value: again.url });
  const withTool = await server.dispatch("tool.yaml");
  assert.equal((await server.ended(withTool.id)).status, "success");
  assert.match(await server.log(withTool.run_number), /^tool ran\nleak= given=yes$/m);
});

await test("a run without a matching runner waits; closing the server stops and fails a running job", async (t) => {
  const server = await forgejo(t, {
    files: {
      ...workflow("other.yaml", "on: push\njobs: { one: { runs-on: gpu, steps: [{ run: echo }] } }\n"),
      ...workflow("long.yaml", "on: push\njobs: { one: { runs-on: docker, steps: [{ run: sleep 60 }] } }\n"),
    },
    runner: { labels: ["docker"] },
  });
  const waiting = await server.dispatch("other.yaml");
  const running = await server.dispatch("long.yaml");
  await server.waitFor(running.id, ["running"]);
  const shown = await server.run(waiting.id);
  assert.deepEqual(
    [shown.status, shown.started, shown.stopped],
    ["waiting", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"],
  );
  const start = Date.now();
  await server.stop();
  assert.ok(Date.now() - start < 5000, "closing does not wait for the job");
  await server.start();
  assert.equal((await server.run(running.id)).status, "failure");
  assert.equal((await server.run(waiting.id)).status, "waiting");
});

await test("a restart fails a job that was running when the server was killed, and skips jobs that need it", async (t) => {
  const server = await forgejo(t, {
    files: workflow(
      "two.yaml",
      "on: push\njobs: { a: { runs-on: gpu, steps: [{ run: echo }] }, b: { needs: a, runs-on: gpu, steps: [{ run: echo }] } }\n",
    ),
    runner: { labels: [] },
  });
  const { id } = await server.dispatch("two.yaml");
  await server.stop();
  const file = join(server.data, "forgejo.json");
  writeFileSync(file, readFileSync(file, "utf8").replace('"status":"waiting"', '"status":"running"'));
  await server.start();
  assert.equal((await server.run(id)).status, "failure");
});
