// Stands in for skopeo 1.9.3: its commands.
import { writeFileSync } from "node:fs";
import { copyImage } from "./copy.ts";
import { AuthFiles, parseCredentials } from "../registry/credentials.ts";
import { during, Fatal } from "../errors.ts";
import { openImage, parseImageName } from "../images/image.ts";
import type { ImageName } from "../images/image.ts";
import { configOf, formatted, inspectImage } from "./inspect.ts";
import { login } from "./login.ts";
import { one, parse, text, two } from "./options.ts";
import type { Values } from "./options.ts";
import { RegistryClient } from "../registry/registry.ts";
import type { RegistryOptions } from "../registry/registry.ts";

const USAGE = `Usage: skopeo [command]

  copy SOURCE DESTINATION     Copy an image from one location to another
  inspect IMAGE               Inspect an image
  list-tags docker://NAME     List tags in a repository
  delete IMAGE                Delete image IMAGE-NAME
  login REGISTRY              Login to a container registry

Images: docker://host/path:tag, oci:folder:tag. Options: --creds, --authfile, --tls-verify, with the prefix src- or dest-
for copy; --all, --digestfile, --quiet for copy; --raw, --config, --format for inspect.
`;

/** The environment and output streams of a command. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdout: (text: string | Buffer) => void;
  readonly stderr: (text: string) => void;
}

/** Runs a command and returns its exit code. */
export async function skopeo(given: readonly string[], surroundings: Surroundings): Promise<number> {
  try {
    await run(given, surroundings);
    return 0;
  } catch (error) {
    if (!(error instanceof Fatal)) throw error;
    const time = `${new Date().toISOString().slice(0, 19)}Z`;
    surroundings.stderr(`time="${time}" level=fatal msg=${JSON.stringify(error.message)}\n`);
    return 1;
  }
}

/** The context of a running command. */
interface Call {
  readonly values: Values;
  readonly authFiles: AuthFiles;
  readonly write: Surroundings["stdout"];
}

async function run(given: readonly string[], { environment, stdout }: Surroundings): Promise<void> {
  const { values, positionals } = parse(given);
  const [command, ...names] = positionals;
  const call: Call = { values, authFiles: new AuthFiles(environment), write: stdout };
  if (values["version"] === true || command === undefined || values["help"] === true) {
    stdout(values["version"] === true ? "skopeo version 1.9.3 (stand-in)\n" : USAGE);
    return;
  }
  switch (command) {
    case "login":
      stdout(await login(one(names), values, environment));
      return;
    case "copy":
      return copy(two(names), call);
    case "inspect":
      return inspect(one(names), call);
    case "list-tags":
      return listTags(one(names), call);
    case "delete":
      return remove(one(names), call);
    default:
      throw new Fatal(`unknown command ${JSON.stringify(command)} for "skopeo"`);
  }
}

async function copy([from, to]: readonly [string, string], call: Call): Promise<void> {
  const sourceName = parseImageName(from);
  const destinationName = parseImageName(to);
  const source = await during(`initializing source ${from}`, () =>
    openImage(sourceName, registryOptions(sourceName, call, "src-")),
  );
  const destination = await openImage(destinationName, registryOptions(destinationName, call, "dest-"));
  const digest = await copyImage(source, destination, {
    all: call.values["all"] === true,
    progress: (line) => {
      if (call.values["quiet"] !== true) call.write(`${line}\n`);
    },
  });
  const file = text(call.values, "digestfile");
  if (file !== undefined) writeFileSync(file, digest);
}

async function inspect(name: string, call: Call): Promise<void> {
  const image = parseImageName(name);
  const { values, write } = call;
  const options = registryOptions(image, call, "");
  await during(`Error parsing image name ${JSON.stringify(name)}`, async () => {
    const opened = await openImage(image, options);
    if (values["raw"] === true) write((await opened.manifest()).bytes);
    else if (values["config"] === true) write(await configOf(opened));
    else {
      const client = image.transport === "docker" ? await RegistryClient.open(image.repository, options) : null;
      const tags = client === null || values["no-tags"] === true ? [] : await client.tags();
      const shown = await inspectImage(opened, client?.name ?? "", tags);
      const template = text(values, "format");
      write(`${template === undefined ? json(shown) : formatted(template, shown)}\n`);
    }
  });
}

async function listTags(name: string, call: Call): Promise<void> {
  const client = await openRepository(name, call);
  const tags = await during("Error listing repository tags", () => client.tags());
  call.write(`${json({ Repository: client.name, Tags: tags })}\n`);
}

async function remove(name: string, call: Call): Promise<void> {
  const image = parseImageName(name);
  if (image.transport !== "docker") throw new Fatal("Deleting images not implemented for oci: images");
  const client = await openRepository(name, call);
  await client.deleteManifest(image.reference);
}

async function openRepository(name: string, call: Call): Promise<RegistryClient> {
  const image = parseImageName(name);
  if (image.transport !== "docker")
    throw new Fatal(`Unsupported transport 'oci' for tag listing. Only supported: docker`);
  return RegistryClient.open(image.repository, registryOptions(image, call, ""));
}

/** For copy, an option with the prefix src- or dest- takes precedence over the one without. */
function registryOptions(image: ImageName, { values, authFiles }: Call, side: string): RegistryOptions {
  const option = (name: string): string | undefined => text(values, side + name) ?? text(values, name);
  const verifyTls = option("tls-verify") !== "false";
  if (image.transport !== "docker" || values[`${side}no-creds`] === true) return { verifyTls, credentials: null };
  const creds = option("creds");
  const credentials =
    creds === undefined ? authFiles.credentials(image.repository, option("authfile")) : parseCredentials(creds);
  return { verifyTls, credentials };
}

function json(value: object): string {
  return JSON.stringify(value, undefined, 4);
}
