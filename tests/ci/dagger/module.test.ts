import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import typescript from "typescript";
import { stackOutputs } from "../../../stack/outputs/outputs.ts";
import { run } from "../../../toolchain/system/child.js";
import { image, pushImage } from "../../lab/zot/support/images.ts";
import { realCase } from "../../support/settings.ts";
import { infoOf, startCiRegistry } from "../support.ts";
import { namesOf, parametersOf } from "./parameters.ts";
import { daggerSdk } from "./sdk.ts";
import { mainAccount } from "../../../settings/accounts/accounts.ts";

// The Dagger module against the real library's types, and its publish() with a played engine: no engine runs here.

const ROOT = resolve(import.meta.dirname, "../../..");
const MODULE = join(ROOT, "ci/dagger");

/** A project with the module and Dagger's library, as the engine would make one. */
async function project(t: TestContext): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "dagger-module-"));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const name of ["package.json", "src"]) cpSync(join(MODULE, name), join(folder, name), { recursive: true });
  mkdirSync(join(folder, "node_modules/@dagger.io"), { recursive: true });
  symlinkSync(await daggerSdk(), join(folder, "node_modules/@dagger.io/dagger"));
  for (const name of ["@types", "undici-types"])
    symlinkSync(join(ROOT, "node_modules", name), join(folder, "node_modules", name));
  const compilerOptions = { experimentalDecorators: true };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: join(ROOT, "tsconfig.json"), compilerOptions, include: ["src"], exclude: [] }),
  );
  return folder;
}

async function lint(folder: string): Promise<{ readonly code: number | undefined; readonly output: string }> {
  return run(join(ROOT, "node_modules/.bin/oxlint"), ["-c", join(ROOT, ".oxlintrc.json"), "src"], {
    cwd: folder,
    env: process.env,
  });
}

test("the module has no error of types or lint, against Dagger's real library", async (t) => {
  const folder = await project(t);
  const { code, output } = await lint(folder);
  assert.equal(code, 0, output);
  // It does find what Dagger does not know.
  const index = join(folder, "src/index.ts");
  writeFileSync(index, readFileSync(index, "utf8").replace(".dockerBuild()", ".dockerBuilds()"));
  const wrong = await lint(folder);
  assert.notEqual(wrong.code, 0);
  assert.match(wrong.output, /'dockerBuilds' does not exist on type 'Directory'/);
});

test("the output daggerArgs has only arguments that the module knows, and all that it requires", () => {
  const output = stackOutputs({
    settings: realCase(),
    version: "2.1.20",
    accounts: [{ account: mainAccount(realCase()), key: {}, results: {} }],
    jobAccounts: [],
  } as unknown as Parameters<typeof stackOutputs>[0])["daggerArgs"] as readonly string[];
  const at = output.indexOf("publish");
  assert.equal(output[0], "call");
  for (const flag of namesOf(output.slice(1, at))) assert.ok(parametersOf().includes(flag), flag);
  assert.deepEqual(namesOf(output.slice(at + 1)), parametersOf("publish"));
});

/** The module as JavaScript, with a library whose decorators do nothing. */
async function load(t: TestContext): Promise<{ readonly ZotPublish: new (info: string) => Publishing }> {
  const folder = mkdtempSync(join(tmpdir(), "dagger-module-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const library = join(folder, "node_modules/@dagger.io/dagger");
  mkdirSync(library, { recursive: true });
  writeFileSync(join(library, "package.json"), '{"type":"module","exports":"./index.js"}');
  writeFileSync(
    join(library, "index.js"),
    "export const object = () => (made) => made; export const func = () => () => {};",
  );
  cpSync(join(MODULE, "package.json"), join(folder, "package.json"));
  for (const name of ["index", "publishing"]) {
    const { outputText } = typescript.transpileModule(readFileSync(join(MODULE, `src/${name}.ts`), "utf8"), {
      compilerOptions: {
        target: typescript.ScriptTarget.ES2022,
        module: typescript.ModuleKind.ESNext,
        experimentalDecorators: true,
      },
    });
    writeFileSync(join(folder, `${name}.js`), outputText);
  }
  return (await import(pathToFileURL(join(folder, "index.js")).href)) as Awaited<ReturnType<typeof load>>;
}

interface Publishing {
  publish(...args: readonly unknown[]): Promise<string>;
}

test("publish() hands the engine the secret itself, for the image that it pushes, and nothing if the tag exists", async (t) => {
  const ci = await startCiRegistry();
  t.after(() => ci.registry.close());
  const { ZotPublish } = await load(t);
  const calls: unknown[][] = [];
  const container = {
    withRegistryAuth: (...args: unknown[]) => {
      calls.push(["withRegistryAuth", ...args]);
      return container;
    },
    publish: async (name: string) => {
      calls.push(["publish", name]);
      const headers = { Authorization: `Basic ${Buffer.from(`zot-ci:${ci.key}`).toString("base64")}` };
      const [, repository = "", tag = ""] = /\/(.*):(.*)$/.exec(name) ?? [];
      assert.equal(await pushImage(ci.registry.url, repository, tag, image("dagger"), headers), 201);
    },
  };
  const src = {
    directory: (path: string) => {
      calls.push(["directory", path]);
      return { dockerBuild: () => container };
    },
  };
  const secret = { plaintext: () => Promise.resolve(ci.key) };
  const module = new ZotPublish(infoOf(ci));
  const args = [src, "apps/hello", "1.2.3", "0123abcdef0123abcdef", undefined, secret];
  const name = `${new URL(ci.registry.url).host}/homelab/apps/hello:v1.2.3-0123abc`;
  assert.equal(await module.publish(...args), `pushed ${name}`);
  assert.deepEqual(calls, [
    ["directory", "containers/apps/hello"],
    ["withRegistryAuth", name, "zot-ci", secret],
    ["publish", name],
  ]);
  assert.match(await module.publish(...args), /^skipped .*:v1\.2\.3-0123abc: it exists already/);
  assert.equal(calls.length, 3);
});
