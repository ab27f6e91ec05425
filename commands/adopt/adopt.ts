import { ZotAuthError } from "../../core/errors.ts";
import { SettingsError, parseSettings } from "../../settings/parse.ts";
import { outcomeOf } from "../../systems/zot/config/adopt/adoptConfig.ts";
import { agrees, agreesInAdvance, canAsk } from "../commandLine/consent.ts";
import { asksForHelp } from "../commandLine/usage.ts";
import { requestOf, settingsFileOf } from "../commandLine/request.ts";
import type { Request } from "../commandLine/request.ts";
import { Answers } from "./answers/answers.ts";
import { readFlags } from "./answers/flags.ts";
import { formerAnswers } from "./answers/former.ts";
import { readServers } from "./reading/servers.ts";
import { readZot } from "./reading/zot.ts";
import { ABOUT_SERVERS, ABOUT_ZOT } from "./answers/questions.ts";
import { problemsOf, withoutDefaults } from "./settings/schema.ts";
import { SettingsFile, headerOf } from "./settings/settingsFile.ts";
import type { NotKept } from "./settings/settingsFile.ts";
import { Stop } from "./stop.ts";
import { atPath, leavesOf } from "./settings/tree.ts";
import type { Tree } from "./settings/tree.ts";
import { USAGE } from "./usage.ts";
import { mainAccount } from "../../settings/accounts/accounts.ts";

/** Where the command reads and prints. */
export interface Surroundings {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
  readonly errors: NodeJS.WritableStream;
  readonly environment: NodeJS.ProcessEnv;
}

/** A stack's name, as `pulumi stack init` accepts it. */
const STACK = /^[A-Za-z0-9_.-]{1,100}$/;

/**
 * Writes a stack's settings file from what is there.
 *
 * @param args what follows `npm run adopt --`
 * @returns the exit code
 */
export async function adopt(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { output, errors } = surroundings;
  if (asksForHelp(args)) {
    output.write(USAGE);
    return 0;
  }
  try {
    await run(args, surroundings);
    return 0;
  } catch (error) {
    if (error instanceof Stop) {
      errors.write(`✗ ${error.message}\n`);
      return error.exitCode;
    }
    if (!(error instanceof ZotAuthError)) throw error;
    errors.write(`✗ Nothing was written: ${error.message}\n`);
    return 1;
  }
}

async function run(args: readonly string[], { input, output, environment }: Surroundings): Promise<void> {
  const request = requestOf(args);
  if (request === undefined) throw new Stop("usage: npm run adopt -- <stack> [flags]; --help lists the flags.", 2);
  const name = request.stack.split("/").at(-1) ?? "";
  if (!STACK.test(name))
    throw new Stop(
      `Nothing was written: "${name}" cannot be a stack's name. Pulumi allows letters, digits, hyphens, underscores and periods, 100 at most.`,
      2,
    );
  const flags = readFlags(request.others);
  if (flags.problems.length > 0) throw new Stop(["Nothing was written.", ...flags.problems].join("\n  "), 2);
  const agreed = agreesInAdvance(flags.options, environment);
  const terminal = canAsk(flags.options, input) ? { input, output } : undefined;
  const file = new SettingsFile(settingsFileOf(request));
  const chosen = choiceOf(file, flags.options);
  if (file.exists && terminal === undefined) assertConsent(file, agreed, chosen);
  const keeps = chosen ?? (await agrees(`${foreign(file)}. ${KEEP}?`, input, output));
  if (!keeps) file.dropComment();
  const former = keeps ? formerAnswers(file.settings, flags.settings) : {};
  const answers = new Answers(former, flags.settings, terminal, request.stack);
  const zot = await readZot(answers);
  await answers.complete([...ABOUT_ZOT, ...ABOUT_SERVERS]);
  assertValid(problemsOf(answers.tree));
  const servers = await readServers(answers, zot.possibleCiGroups);
  const adopted = zot.adopted();
  answers.zot = adopted.settings;

  const settings = withoutDefaults(answers.tree);
  assertValid(problemsIn(settings));
  const outcome = outcomeOf(adopted, zot.differences(parseSettings(settings)));
  const notKept = [...outcome.notKept, ...servers.notKept];
  const text = file.textWith(settings, headerOf(request.stack, zot.place), notKept);
  if (zot.secrets.some((secret) => hasSecret([settings, notKept, outcome.added], secret)))
    throw new Stop(
      "Nothing was written: the file would contain a secret of zot's config. Move it to a file on the host.",
    );
  if (file.exists && !agreed && terminal !== undefined) {
    output.write(`\n${text}\n`);
    const question = `Replace the settings in ${file.path} by these?`;
    if (!(await agrees(question, terminal.input, terminal.output))) throw new Stop("Nothing was written.");
  }
  file.write(text);
  const found = [`Read zot's config ${zot.place}.`, ...servers.notes, whoIsWho(settings, answers)];
  const kept = leavesOf(settings).filter((path) => answers.isKept(path));
  output.write(reportOf({ found, settings, kept, notKept, added: outcome.added, file }, request));
}

/**
 * Whether an existing file's settings count where they are found nowhere else; `undefined` if a person must say so. Those that this command wrote do. Others may be
 * somebody else's, such as those of the repository's own Pulumi.prod.yaml.
 */
function choiceOf(file: SettingsFile, options: readonly string[]): boolean | undefined {
  if (options.includes("--keep")) return true;
  if (options.includes("--discard")) return false;
  return file.isAdopted || Object.keys(file.settings).length === 0 ? true : undefined;
}

const KEEP = "Keep those of its settings that are neither read nor given";

function foreign(file: SettingsFile): string {
  return `${file.path} exists, and \`adopt\` did not write it: its settings may be another homelab's`;
}

/** @throws Stop that lists what only a person can agree to */
function assertConsent(file: SettingsFile, agreed: boolean, chosen: boolean | undefined): void {
  const lacks = [
    ...(agreed ? [] : ["--yes to replace its settings; keys that are not zot-auth's stay"]),
    ...(chosen === undefined
      ? ["--keep to keep those of its settings that are neither read nor given, or --discard to leave them out"]
      : []),
  ];
  if (lacks.length === 0) return;
  const which = chosen === undefined ? foreign(file) : `${file.path} exists`;
  throw new Stop(
    [`Nothing was written: ${which}. Name another stack, or add`, ...lacks.map((lack) => `  ${lack}`)].join("\n"),
    2,
  );
}

/** Whom the settings take for CI and for the administrators: a mistake there gives the wrong ones access. */
function whoIsWho(settings: Tree, answers: Answers): string {
  const parsed = parseSettings(settings);
  const { user, group } = mainAccount(parsed);
  const named = (what: string, value: string, setting: string): string =>
    `${what}: ${value} (${answers.sourceOf(setting)})`;
  return [
    named("CI's group", group, "access.ciGroup"),
    named("CI's account", user, "ci.user"),
    named("administrators", parsed.access.adminGroup, "access.adminGroup"),
  ].join(", ");
}

type Problem = ReturnType<typeof problemsOf>[number];

/** Those of the settings as a whole. */
function problemsIn(settings: Tree): readonly Problem[] {
  try {
    parseSettings(settings);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
}

function assertValid(problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const list = problems.map(({ path, message }) => `  --${path}: ${message}`);
  const such = problems.some(({ message }) => message.includes("access.ci ")) ? ", such as --access.ci push" : "";
  throw new Stop(
    [
      `Nothing was written: the settings would not be valid. Give other values as flags${such}, or correct what they were read from.`,
      ...list,
    ].join("\n"),
  );
}

interface Report {
  readonly found: readonly string[];
  readonly settings: Tree;
  /** Those that only the existing file has. */
  readonly kept: readonly (readonly string[])[];
  readonly notKept: readonly NotKept[];
  /** What `up` adds to zot's config. */
  readonly added: readonly NotKept[];
  readonly file: SettingsFile;
}

function reportOf({ found, settings, kept, notKept, added, file }: Report, { stack, configFile }: Request): string {
  return [
    ...found,
    ...listed(
      `Kept from the existing file (${kept.length}):`,
      kept.map((path) => ({ path: path.join("."), reason: textOf(atPath(settings, path)) })),
    ),
    ...listed(`Not kept (${notKept.length}):`, notKept),
    ...listed(`Added to zot's config by \`up\` (${added.length}):`, added),
    "",
    `✓ Wrote ${file.path}. Nothing else was changed. Next:`,
    ...(file.isInitialized ? [] : [`  npm run pulumi -- stack init ${stack}`]),
    `  ${["npm run pulumi -- preview --stack", stack, ...configFile].join(" ")}`,
    "",
  ].join("\n");
}

function listed(title: string, rows: readonly NotKept[]): readonly string[] {
  return rows.length === 0 ? [] : ["", title, ...rows.map(({ path, reason }) => `  ${path}: ${reason}`)];
}

/** Whether a text in it is the secret or, if that is long enough to be no word, contains it. */
function hasSecret(value: unknown, secret: string): boolean {
  if (typeof value === "string") return value === secret || (secret.length >= 8 && value.includes(secret));
  return typeof value === "object" && value !== null && Object.values(value).some((inner) => hasSecret(inner, secret));
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
