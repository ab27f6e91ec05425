// Stands in for a kube-apiserver: the command that runs it standalone.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { kubeconfig, startKubernetes } from "./server.ts";
import type { Projection } from "./server.ts";

const usage = `Usage: node lab/kubernetes/main.ts --data DIRECTORY [options]

  --port NUMBER                           port on 127.0.0.1 (default 6443; 0: any free port)
  --data DIRECTORY                        folder for the cluster's state
  --token TOKEN                           a bearer token with all permissions (can be repeated; default: no token is needed)
  --anonymous                             requests without a token have all permissions too (client-go sends none without TLS)
  --namespace NAME                        a namespace of a new cluster (can be repeated)
  --project NAMESPACE/CONFIGMAP=DIRECTORY  writes a ConfigMap's keys as files (can be repeated)
  --kubeconfig FILE                       writes a kubeconfig to this file
`;

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "6443" },
    data: { type: "string" },
    token: { type: "string", multiple: true, default: [] },
    anonymous: { type: "boolean", default: false },
    namespace: { type: "string", multiple: true, default: [] },
    project: { type: "string", multiple: true, default: [] },
    kubeconfig: { type: "string" },
    help: { type: "boolean", short: "h", default: false },
  },
});

if (values.help || values.data === undefined) {
  process.stdout.write(usage);
  process.exitCode = values.help ? 0 : 1;
} else {
  await run(values.data);
}

async function run(data: string): Promise<void> {
  const { token: tokens, namespace: namespaces, kubeconfig: file } = values;
  const server = await startKubernetes({
    port: Number(values.port),
    setting: "--port",
    data,
    ...(tokens.length === 0 ? {} : { tokens: tokens.map((token) => ({ token })) }),
    ...(values.anonymous ? { anonymous: {} } : {}),
    projections: values.project.map(toProjection),
    seed: { namespaces },
  });
  if (file !== undefined) writeFileSync(file, kubeconfig(server.url, tokens[0] ?? ""), { mode: 0o600 });
  process.stdout.write(`${server.url}\n`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void server.close());
}

function toProjection(text: string): Projection {
  const [, namespace, configMap, directory] = /^([^/]+)\/([^=]+)=(.+)$/.exec(text) ?? [];
  if (namespace === undefined || configMap === undefined || directory === undefined) {
    throw new Error(`--project "${text}" must have the form NAMESPACE/CONFIGMAP=DIRECTORY.`);
  }
  return { namespace, configMap, directory };
}
