// Stands in for Forgejo's Actions runner: parses a workflow file.
import { list, object } from "../../shared/json.ts";
import { parse } from "yaml";

/** An input of a workflow that is started manually. */
export interface WorkflowInput {
  readonly description: string;
  readonly required: boolean;
  readonly default: string;
  readonly type: string;
}

export interface Step {
  readonly id: string | null;
  readonly name: string;
  readonly condition: string | null;
  readonly run: string | null;
  readonly uses: string | null;
  readonly with: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly shell: string | null;
  readonly workingDirectory: string | null;
  readonly continueOnError: boolean;
}

export interface WorkflowJob {
  readonly key: string;
  readonly name: string;
  readonly needs: readonly string[];
  readonly runsOn: readonly string[];
  readonly condition: string | null;
  readonly env: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
  readonly shell: string | null;
  readonly workingDirectory: string | null;
  /** Whether it can ask for a token. Null if only the workflow says. */
  readonly enableOpenIdConnect: boolean | null;
  /** Keys of the job that this runner does not support. */
  readonly unsupported: readonly string[];
}

export interface Workflow {
  readonly name: string;
  readonly inputs: Readonly<Record<string, WorkflowInput>>;
  readonly env: Readonly<Record<string, string>>;
  readonly jobs: readonly WorkflowJob[];
}

type Mapping = Readonly<Record<string, unknown>>;

/** Folders for workflows. Only the first existing one is used. */
const FOLDERS = [".forgejo/workflows", ".gitea/workflows", ".github/workflows"];

/** The repository's workflow folder; undefined if it has none. */
export function workflowFolder(files: Readonly<Record<string, string>>): string | undefined {
  return FOLDERS.find((folder) => Object.keys(files).some((path) => path.startsWith(`${folder}/`)));
}

/** Parses a workflow; undefined if it is not YAML or has no jobs. */
export function parseWorkflow(text: string): Workflow | undefined {
  let document: Mapping;
  try {
    document = object(parse(text));
  } catch {
    return undefined;
  }
  const jobs = Object.entries(object(document["jobs"]));
  if (jobs.length === 0) return undefined;
  const { shell, workingDirectory } = defaults(document);
  const enableOpenIdConnect = flag(document["enable-openid-connect"]);
  return {
    name: string(document["name"]) ?? "",
    inputs: inputs(document["on"]),
    env: strings(document["env"]),
    jobs: jobs.map(([key, value]) => {
      const read = job(key, object(value));
      return {
        ...read,
        shell: read.shell ?? shell,
        workingDirectory: read.workingDirectory ?? workingDirectory,
        enableOpenIdConnect: read.enableOpenIdConnect ?? enableOpenIdConnect,
      };
    }),
  };
}

function job(key: string, value: Mapping): WorkflowJob {
  return {
    key,
    name: string(value["name"]) ?? key,
    needs: texts(value["needs"]),
    runsOn: texts(value["runs-on"]),
    condition: string(value["if"]),
    env: strings(value["env"]),
    outputs: strings(value["outputs"]),
    steps: list(value["steps"]).map((one) => step(object(one))),
    ...defaults(value),
    enableOpenIdConnect: flag(value["enable-openid-connect"]),
    unsupported: ["strategy", "services", "uses"].filter((name) => value[name] !== undefined),
  };
}

function step(value: Mapping): Step {
  const run = string(value["run"]);
  const uses = string(value["uses"]);
  return {
    id: string(value["id"]),
    name: string(value["name"]) ?? run ?? uses ?? "",
    condition: string(value["if"]),
    run,
    uses,
    with: strings(value["with"]),
    env: strings(value["env"]),
    shell: string(value["shell"]),
    workingDirectory: string(value["working-directory"]),
    continueOnError: value["continue-on-error"] === true,
  };
}

function defaults(value: Mapping): { readonly shell: string | null; readonly workingDirectory: string | null } {
  const run = object(object(value["defaults"])["run"]);
  return { shell: string(run["shell"]), workingDirectory: string(run["working-directory"]) };
}

/** `on` is a name, a list of names or a mapping. Only a mapping can have inputs. */
function inputs(on: unknown): Record<string, WorkflowInput> {
  const declared = Object.entries(object(object(object(on)["workflow_dispatch"])["inputs"]));
  return Object.fromEntries(
    declared.map(([name, value]) => {
      const input = object(value);
      return [
        name,
        {
          description: string(input["description"]) ?? "",
          required: input["required"] === true,
          default: string(input["default"]) ?? "",
          type: string(input["type"]) ?? "string",
        },
      ];
    }),
  );
}

function texts(value: unknown): string[] {
  const one = string(value);
  return one === null ? list(value).flatMap((member) => string(member) ?? []) : [one];
}

function strings(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(object(value)).map(([key, member]) => [key, string(member) ?? ""]));
}

function flag(value: unknown): boolean | null {
  return typeof value === "boolean" ? value : null;
}

function string(value: unknown): string | null {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : null;
}
