// The API paths that the lab's Authentik serves, with an example for each parameter.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { api } from "../../../../lab/authentik/api/api.ts";
import { BlueprintFolder } from "../../../../lab/authentik/blueprints/files.ts";
import { Database } from "../../../../lab/authentik/models/database.ts";
import { Origins } from "../../../../lab/authentik/sessions/origins.ts";
import { Sessions } from "../../../../lab/authentik/sessions/sessions.ts";
import { emptyState } from "../../../../lab/authentik/models/state.ts";
import { Worker } from "../../../../lab/authentik/blueprints/worker.ts";
import { Store } from "../../../../lab/shared/store.ts";

export interface Route {
  readonly method: string;
  readonly path: string;
}

/** Every method of every path under `/api/v3`, including the flow executor's. */
export function labRoutes(version: string): readonly Route[] {
  const directory = mkdtempSync(join(tmpdir(), "lab-authentik-"));
  const database = new Database(Store.open(join(directory, "state.json"), emptyState), version);
  rmSync(directory, { recursive: true });
  const folder = new BlueprintFolder(directory);
  const worker = new Worker({ database, folder, environment: {}, delay: 1000, log: () => undefined });
  const sessions = new Sessions(database);
  const app = api({ database, folder, worker, sessions, origins: new Origins({ version }), environment: {} });
  const routes = app.routes
    .filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => ({ method, path: path.replace(/:\w+/, "x") }));
  const executor = ["GET", "POST"].map((method) => ({ method, path: "/flows/executor/x/" }));
  const all = [...routes, ...executor];
  return all.filter(
    ({ method, path }, index) => index === all.findIndex((o) => o.method === method && o.path === path),
  );
}
