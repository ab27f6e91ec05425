// Stands in for Argo CD: the command that runs it standalone.
import { parseArgs } from "node:util";
import type { ApplicationOptions } from "./server.ts";
import { startArgoCd } from "./server.ts";

const usage = `Usage: node lab/argocd/main.ts --data DIRECTORY --kubernetes URL --token NAME=TOKEN --application NAME:NAMESPACE=DIRECTORY [options]

  --port NUMBER                            port on 127.0.0.1 (default 8080; 0: any free port)
  --data DIRECTORY                         folder for the applications' state
  --kubernetes URL                         URL of the API server
  --kubernetes-token TOKEN                 bearer token for the API server
  --token NAME=TOKEN                       an account and its API token, with permission to get and sync all applications (can be repeated)
  --application NAME:NAMESPACE=DIRECTORY   an application, its namespace and its manifests (can be repeated)
  --server-side-apply                      use server-side apply
`;

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8080" },
    data: { type: "string" },
    kubernetes: { type: "string" },
    "kubernetes-token": { type: "string", default: "" },
    token: { type: "string", multiple: true, default: [] },
    application: { type: "string", multiple: true, default: [] },
    "server-side-apply": { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

if (values.help || values.data === undefined || values.kubernetes === undefined) {
  process.stdout.write(usage);
  process.exitCode = values.help ? 0 : 1;
} else {
  await run(values.data, values.kubernetes);
}

async function run(data: string, kubernetesUrl: string): Promise<void> {
  const server = await startArgoCd({
    port: Number(values.port),
    setting: "--port",
    data,
    kubernetesUrl,
    kubernetesToken: values["kubernetes-token"],
    accounts: values.token.map((text) => {
      const [, name, token] = match("--token", text, /^([^=]+)=(.+)$/, "NAME=TOKEN");
      return { name, token };
    }),
    applications: values.application.map(toApplication),
  });
  process.stdout.write(`${server.url}\n`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void server.close());
}

function toApplication(text: string): ApplicationOptions {
  const pattern = /^([^:]+):([^=]+)=(.+)$/;
  const [, name, namespace, manifestsDirectory] = match("--application", text, pattern, "NAME:NAMESPACE=DIRECTORY");
  return { name, namespace, manifestsDirectory, serverSideApply: values["server-side-apply"] };
}

function match(option: string, text: string, pattern: RegExp, form: string): [string, string, string, string] {
  const found = pattern.exec(text);
  if (found === null) throw new Error(`${option} "${text}" must have the form ${form}.`);
  const [whole = "", first = "", second = "", third = ""] = found;
  return [whole, first, second, third];
}
