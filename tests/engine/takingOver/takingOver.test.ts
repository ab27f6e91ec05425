import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { parse } from "yaml";
import { handMadeBlueprint } from "../../support/handMade.ts";
import { byApi, pushAllTheTime } from "../lifecycle/pusher.ts";
import type { Send } from "../lifecycle/pusher.ts";
import { EngineLab } from "../support/harness.ts";
import type { PulumiResult } from "../support/harness.ts";
import { Homelab } from "../support/homelab.ts";
import { changeGit, setUpByHand, syncGit, until } from "./byHand.ts";
import { commandsOf, missingIn } from "./page.ts";
import { mainAccount } from "../../../settings/accounts/accounts.ts";

// docs/guides/taking-over.md, command by command, from a registry that was set up by hand. The tests depend on their order.

type Result = Pick<PulumiResult, "code" | "output">;

const REPOSITORY = new URL("../../../", import.meta.url);
const commands = [...commandsOf("taking-over.md")];

let lab: EngineLab;
let homelab: Homelab;
/** Made by hand. */
let oldKey = "";
/** zot's files before the first `up`. */
let original: readonly string[] = [];

before(async () => {
  lab = await EngineLab.startServers();
  homelab = new Homelab(lab);
  oldKey = await setUpByHand(lab, homelab);
  // The layout keeps the lab's settings, which `adopt` finds again.
  rmSync(lab.settingsFile);
  original = zotFiles();
});
after(async () => lab.stop());

function zotFiles(): readonly string[] {
  const { configFile, credentialsFile } = lab.layout.settings.registry;
  return [configFile, credentialsFile].map((file) => readFileSync(file, "utf8"));
}

function zotProcess(): string {
  const file = join(lab.layout.directory, "zot", "pid");
  for (;;) {
    // It is empty while the supervisor writes it.
    const id = readFileSync(file, "utf8");
    if (id !== "") return id;
  }
}

/** What the page's names are in the lab. */
function inTheLab(word: string): readonly string[] {
  const { registry, authentik, argocd, kubernetes, onePassword, forgejo } = lab.layout.settings;
  const account = mainAccount(lab.layout.settings);
  const zot = ["--registry.binary", registry.binary, "--registry.restartCommand", registry.restartCommand ?? ""];
  const names: Readonly<Record<string, readonly (string | undefined)[]>> = {
    homelab: ["lab"],
    "ssh:indri": ["local", ...zot],
    "/Users/erichblume/.config/zot/config.json": [registry.configFile],
    "op://vg6xf6vvfmoh5hqjjhlhbeoaie/oor7os5kapczgpbwv7obkca4y4/api-token": [authentik.token],
    "op://vg6xf6vvfmoh5hqjjhlhbeoaie/oor7os5kapczgpbwv7obkca4y4/zot-client-secret": [authentik.clientSecret],
    "https://argocd.ops.eblu.me": [argocd?.url],
    "env:ARGOCD_AUTH_TOKEN": [argocd?.token],
    "--kubernetes.context": ["--kubernetes.kubeconfig"],
    ringtail: [kubernetes.kubeconfig],
    "--onePassword.account": ["--onePassword.connectUrl"],
    "my.1password.com": [onePassword.connectUrl, "--onePassword.connectToken", onePassword.connectToken],
    "op://vg6xf6vvfmoh5hqjjhlhbeoaie/w3663ffnvkewbftncqxtcpeavy/zot-ci-api": [account.keyStores[0]],
    blumeops: [account.prefixes[0]],
    "https://forge.eblu.me": [forgejo.url],
    "op://vg6xf6vvfmoh5hqjjhlhbeoaie/w3663ffnvkewbftncqxtcpeavy/api-token": [forgejo.token],
    "eblume/blumeops": [account.repositories.join(",")],
  };
  return (names[word] ?? [word]).map((name) => name ?? "");
}

/** Runs the page's next command, which must be that one, and checks what the page says that it prints. */
async function next(beginning: string): Promise<string> {
  const { words, prints } = commands.shift() ?? { words: [], prints: [] };
  assert.ok(words.join(" ").startsWith(beginning), `the page goes on with: ${words.join(" ")}`);
  const { code, output } = await run(words.flatMap(inTheLab));
  assert.equal(code, 0, output);
  assert.deepEqual(missingIn(output, prints), [], output);
  return output;
}

async function run([name = "", ...words]: readonly string[]): Promise<Result> {
  const file = ["--config-file", lab.settingsFile];
  if (name === "adopt" || name === "check") return lab.command(name, [...words, ...file, "--non-interactive"]);
  assert.equal(name, "pulumi");
  const [verb = ""] = words;
  // The stack's folder is that of its settings file, as in a clone.
  if (verb === "stack") return lab.pulumi("--cwd", lab.directory, ...words);
  if (verb === "config") return lab.pulumi(...words, ...file);
  // On a terminal a person answers.
  const agreed = verb === "preview" ? [] : ["--yes", "--skip-preview"];
  return lab.pulumi(...words, ...agreed, "--non-interactive");
}

/** A push goes on when zot has restarted, as that of any client does. */
function untilServed(send: Send): Send {
  return async (key, name) => {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await send(key, `${name}-${attempt}`);
      } catch (error) {
        // `fetch` throws when nothing listens, or when the connection ends.
        if (!(error instanceof TypeError) || attempt > 500) throw error;
        await delay(20);
      }
    }
  };
}

test("the page's stack has no settings file in a fresh clone", () => {
  assert.deepEqual(commands[0]?.words.slice(0, 2), ["adopt", "homelab"]);
  const shipped = execFileSync("git", ["ls-files", "Pulumi.*.yaml"], { cwd: REPOSITORY, encoding: "utf8" });
  assert.deepEqual(shipped.trim().split("\n"), ["Pulumi.lab.yaml", "Pulumi.prod.yaml"]);
});

test("adopt writes the settings of what was made by hand, without a secret, and changes nothing", async () => {
  const output = await next("adopt homelab");
  const text = readFileSync(lab.settingsFile, "utf8");
  assert.doesNotMatch(output, /Not kept/);
  for (const secret of Object.values({ ...lab.secrets, oldKey })) assert.ok(!`${output}${text}`.includes(secret));
  assert.deepEqual(zotFiles(), original);
});

test("the stack's settings stay as adopt wrote them", async () => {
  copyFileSync(new URL("Pulumi.yaml", REPOSITORY), join(lab.directory, "Pulumi.yaml"));
  const adopted = readFileSync(lab.settingsFile, "utf8");
  await next("pulumi stack init");
  const initialized = readFileSync(lab.settingsFile, "utf8");
  assert.match(initialized, /^encryptionsalt: /m);
  assert.deepEqual((parse(initialized) as { config: unknown }).config, (parse(adopted) as { config: unknown }).config);
  assert.match(initialized, /^# Written by `npm run adopt/m);
});

test("the preview says what up overwrites, and changes nothing", async () => {
  await next("pulumi preview");
  assert.deepEqual(zotFiles(), original);
  assert.equal(homelab.ciKey("homelab/apps"), oldKey);
});

test("up takes the registry over; every push succeeds, with the old key until CI has ours", async () => {
  changeGit(lab, ({ "zot.yaml": _theirs, ...others }) => others);
  const running = zotProcess();
  const processes = new Set([running]);
  const push = untilServed(byApi(homelab));
  const send: Send = async (key, name) => {
    processes.add(zotProcess());
    return push(key, name);
  };
  const done = new AbortController();
  const pushing = pushAllTheTime(homelab, { repository: "homelab/apps", name: "taken-over", send }, done.signal);
  try {
    await next("pulumi up");
  } finally {
    done.abort();
  }
  const pushes = await pushing;
  // zot reads its time limits only when it starts.
  assert.notEqual(zotProcess(), running);
  assert.deepEqual(processes, new Set([running, zotProcess()]), "zot was restarted once");
  assert.deepEqual(new Set(pushes.map(({ answers }) => answers.at(-1))), new Set(["PUT 201"]), JSON.stringify(pushes));
  const key = homelab.ciKey("homelab/apps") ?? "";
  assert.deepEqual([...new Set(pushes.map((push) => push.key))], [oldKey, key]);
  assert.equal((await homelab.fields("keyStore"))["zot-ci-api"], key);
  assert.deepEqual(await homelab.keyLabels(oldKey), ["made by hand", "zot-auth/lab/1"], "the old key works");
  assert.deepEqual(Object.keys(await homelab.blueprints()).sort(), [
    "common.yaml",
    "grafana.yaml",
    "mfa.yaml",
    "zot.yaml",
  ]);
});

test("check is green", async () => {
  await next("check homelab");
});

test("the old key is revoked on demand, and the file keeps its comments", async () => {
  await next("pulumi config set");
  assert.match(readFileSync(lab.settingsFile, "utf8"), /^# Written by `npm run adopt/);
  const running = zotProcess();
  await next("pulumi up");
  assert.equal(zotProcess(), running, "once was enough");
  assert.equal((await homelab.registry("/zot/auth/apikey", { key: oldKey })).status, 401);
  assert.equal((await homelab.registry("/zot/auth/apikey", { key: homelab.ciKey("homelab/apps") ?? "" })).status, 200);
});

test("destroy restores zot's files, and Authentik's objects come back with the blueprint in Git", async () => {
  await next("pulumi destroy");
  assert.deepEqual(commands, [], "every command of the page was run");
  assert.deepEqual(zotFiles(), original);
  assert.notEqual((await homelab.registry("/zot/auth/login?provider=oidc")).status, 404, "zot runs with them");
  changeGit(lab, (others) => ({ ...others, "zot.yaml": handMadeBlueprint(lab.layout.settings.registry.url) }));
  await syncGit(lab);
  await until("Authentik to apply the blueprint again", async () => {
    const { status } = await homelab.authentik("/core/applications/zot/");
    return status === 200;
  });
});
