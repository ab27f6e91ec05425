// The language host with the real CLI.
import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { splitArguments } from "../../toolchain/language-host/runtimeOptions.ts";
import { installedPackages } from "../../toolchain/language-host/installedPackages.ts";
import { PRELOAD, Project } from "./support/project.ts";

const PROGRAM = `
import * as pulumi from "@pulumi/pulumi";
const config = new pulumi.Config();
const what: string = config.require("what");
if (what === "throw") throw new Error("thrown by the program");
if (what === "exit") process.exit(3);
console.log("said", pulumi.getProject(), pulumi.getStack(), pulumi.getOrganization(), pulumi.runtime.isDryRun(), process.execArgv.join());
export const secret = config.requireSecret("password");
export const plain = what;
`;

await test("the language host runs programs like the official one", async (t) => {
  using project = new Project(PROGRAM, {
    runtime: { name: "nodejs", options: { typescript: false, nodeargs: `--title='a b' --import ${PRELOAD}` } },
  });
  const ok = async (...args: string[]) => {
    const { code, output } = await project.pulumi(...args);
    assert.equal(code, 0, output);
    return output;
  };
  await ok("stack", "init");
  await ok("config", "set", "--secret", "password", "geheim");
  await ok("config", "set", "what", "run");

  await t.test("config, secrets, dry run, names and nodeargs reach the program", async () => {
    const up = await ok("up", "--yes");
    assert.match(up, /said tiny dev organization true --title=a b/);
    assert.match(up, /said tiny dev organization false --title=a b/);
    assert.deepEqual(
      JSON.parse((await project.pulumi("stack", "output", "--json")).output.replace(/^warning.*$/gm, "")),
      {
        plain: "run",
        secret: "[secret]",
      },
    );
  });

  await t.test("the program's error is shown only once, by the program", async () => {
    await ok("config", "set", "what", "throw");
    const { code, output } = await project.pulumi("preview");
    assert.notEqual(code, 0);
    assert.equal(output.split("Diagnostics:")[1]?.match(/Error: thrown by the program/g)?.length, 1, output);
    assert.doesNotMatch(output, /non-zero exit code/);
  });

  await t.test("the host reports a program that exits without an error message", async () => {
    await ok("config", "set", "what", "exit");
    const { code, output } = await project.pulumi("preview");
    assert.notEqual(code, 0);
    assert.match(output, /Program exited with non-zero exit code: 3/);
  });

  await t.test("reports an invalid option", async () => {
    project.write(
      "Pulumi.yaml",
      JSON.stringify({ name: "tiny", runtime: { name: "nodejs", options: { typescript: "no" } } }),
    );
    const { code, output } = await project.pulumi("preview");
    assert.notEqual(code, 0);
    assert.match(output, /The runtime option typescript in Pulumi.yaml must be a boolean, not "no"/);
  });

  await t.test("about: lists the program's direct dependencies and their plugins", async () => {
    project.write("package.json", JSON.stringify({ type: "module", dependencies: { "@pulumi/command": "*" } }));
    project.write("Pulumi.yaml", JSON.stringify({ name: "tiny", runtime: "nodejs" }));
    const about = JSON.parse((await project.pulumi("about", "--json")).output.replace(/^warning.*$/gm, "")) as {
      readonly dependencies: unknown;
      readonly runtime: { readonly version: string };
    };
    assert.deepEqual(about.dependencies, [{ name: "@pulumi/command", version: "1.2.1" }]);
    assert.equal(about.runtime.version, process.version);
  });
});

await test("lists the plugins that installed packages require", () => {
  const packages = installedPackages(join(import.meta.dirname, "../.."));
  const plugins = packages.flatMap(({ plugin }) => plugin ?? []);
  assert.deepEqual(plugins, [
    { name: "onepassword", version: "v1.1.3", server: "github://api.github.com/1Password/pulumi-onepassword" },
    { name: "command", version: "v1.2.1", server: "" },
    { name: "kubernetes", version: "v4.34.2", server: "" },
  ]);
});

test("splits nodeargs as a shell does", () => {
  assert.deepEqual(splitArguments(`  --a  "b c" 'd "e' f\\ g --h="i j"  "k\\"l" '' `), [
    "--a",
    "b c",
    'd "e',
    "f g",
    "--h=i j",
    'k"l',
    "",
  ]);
  assert.deepEqual(splitArguments(""), []);
});
