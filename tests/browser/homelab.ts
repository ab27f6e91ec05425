// What the browser visits: a registry with sign-in through the lab's Authentik, which requires a second factor, as in the real case.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultSeed, startAuthentik, withSeed } from "../../lab/authentik/server.ts";
import { until } from "../lab/authentik/support.ts";
import { startZot } from "../../lab/zot/server/server.ts";
import { freePort } from "../support/freePorts.ts";
import { threeTierConfig } from "../lab/zot/support/registry.ts";

export interface Homelab {
  readonly zot: string;
  readonly authentik: string;
  /** The app password of zot-ci, which the blueprint created. */
  readonly appPassword: string;
  close(): Promise<void>;
}

export const people = {
  /** In `admins`. */
  ada: { password: "ada-password", totpSecret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP" },
  /** In a group that may use the application but that zot's config does not contain. */
  rita: { password: "rita-password", totpSecret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" },
  /** In no group. */
  noel: { password: "noel-password", totpSecret: "MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U" },
} as const;

export type Person = keyof typeof people;

const adminKey = "admin-token";
const secret = "a client secret of the browser test";
const text = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

export async function startHomelab(): Promise<Homelab> {
  const folder = mkdtempSync(join(tmpdir(), "browser-test-"));
  const port = await freePort();
  const zotUrl = `http://127.0.0.1:${port}`;
  const blueprintsDirectory = join(folder, "blueprints");
  mkdirSync(blueprintsDirectory);
  // The homelab's own blueprint, next to ours, enforces the second factor.
  writeFileSync(join(blueprintsDirectory, "mfa.yaml"), text("../../lab/homelab/seed/blueprints/mfa.yaml"));
  const measured = text("../data/authentik/blueprint.measured.yaml").replace("http://127.0.0.1:5600", zotUrl);
  writeFileSync(join(blueprintsDirectory, "zot.yaml"), `${measured}${readersBinding}`);
  const groups: Readonly<Partial<Record<string, readonly string[]>>> = { ada: ["admins"], rita: ["readers"] };
  const authentik = await startAuthentik({
    data: join(folder, "authentik"),
    blueprintsDirectory,
    environment: { AUTHENTIK_ZOT_CLIENT_SECRET: secret },
    workerDelayMs: 10,
    seed: withSeed(defaultSeed(), {
      groups: [{ name: "admins" }, { name: "readers" }],
      users: Object.entries(people).map(([username, person]) => ({
        username,
        ...person,
        groups: groups[username] ?? [],
      })),
      tokens: [{ identifier: "admin", user: "akadmin", intent: "api", key: adminKey }],
    }),
  });
  const ask = async (path: string): Promise<string> =>
    (await fetch(`${authentik.url}/api/v3${path}`, { headers: { authorization: `Bearer ${adminKey}` } })).text();
  await until(async () => (await ask("/managed/blueprints/?path=custom/zot.yaml")).includes('"successful"'));
  await until(async () => (await ask("/managed/blueprints/?path=custom/mfa.yaml")).includes('"successful"'));
  const { key } = JSON.parse(await ask("/core/tokens/zot-ci-app-password/view_key/")) as { key: string };

  const config = threeTierConfig(folder, port, `${authentik.url}/application/o/zot/`);
  writeFileSync(join(folder, "credentials.json"), JSON.stringify({ clientid: "zot", clientsecret: secret }));
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  const zot = await startZot({ config: join(folder, "config.json") });
  return {
    zot: zot.url,
    authentik: authentik.url,
    appPassword: key,
    close: async () => {
      await zot.close();
      await authentik.close();
      rmSync(folder, { recursive: true });
    },
  };
}

const readersBinding = `  - model: authentik_policies.policybinding
    identifiers:
      target: !KeyOf app
      order: 2
    attrs:
      group: !Find [authentik_core.group, [name, readers]]
`;
