// The lab's zot with what the program writes for accounts with job tokens, as of the release that takes tokens.
import assert from "node:assert/strict";
import { parseSettings } from "../../../../settings/parse.ts";
import type { Settings } from "../../../../settings/schema.ts";
import { audienceOf } from "../../../../settings/accounts/accounts.ts";
import { zotConfigArgs } from "../../../../settings/zotConfigArgs.ts";
import { markerText } from "../../../../systems/forgejo/secrets/secretMarker.ts";
import type { PushLogin } from "../../../../systems/forgejo/secrets/secretMarker.ts";
import { assembleZotConfig } from "../../../../systems/zot/config/config.ts";
import { startRegistry } from "../../../lab/zot/support/registry.ts";
import type { TestConfig, TestRegistry } from "../../../lab/zot/support/registry.ts";
import { standIn } from "../../../lab/zot/support/zotPrograms.ts";
import { REAL_CASE, version } from "../../../support/settings.ts";

const RELEASE = "2.1.23";

export interface DeclaredRegistry {
  readonly registry: TestRegistry;
  readonly settings: Settings;
  /** The variable that the account's repositories get. */
  variable(id: string, login?: Partial<PushLogin>): string;
  /** A key of the account, as the program creates it. */
  keyOf(user: string): Promise<string>;
}

/** @param forgejo its address, whose jobs' tokens zot accepts */
export async function startDeclared(accounts: object, forgejo: string): Promise<DeclaredRegistry> {
  let settings: Settings | undefined;
  const registry = await startRegistry(
    (config) => {
      settings = settingsOf(accounts, forgejo, config);
      const { config: declared, problems } = assembleZotConfig(
        zotConfigArgs(settings),
        version(RELEASE),
        settings.registry,
      );
      assert.deepEqual(problems, []);
      const { auth, accessControl } = declared["http"] as Required<TestConfig["http"]>;
      config.http.auth = { ...config.http.auth, bearer: auth["bearer"] };
      config.http.accessControl = accessControl;
    },
    standIn(`v${RELEASE}`),
  );
  assert.ok(settings !== undefined);
  const { jobAccounts } = settings;
  return {
    registry,
    settings,
    variable: (id, login = {}) => {
      const account = jobAccounts[id];
      assert.ok(account !== undefined);
      const { user, prefixes, shortKey } = account;
      return markerText({
        label: `zot-auth/lab/${id}`,
        fingerprint: "0123456789abcdef",
        target: account.repositories[0] ?? "",
        url: forgejo,
        login: {
          user,
          registry: registry.url,
          prefix: prefixes[0],
          audience: audienceOf(registry.url, id),
          shortKey,
          ...login,
        },
      });
    },
    keyOf: async (user) => {
      registry.idp.people.set(user, { groups: [user], username: user });
      const [, basic = ""] = (await registry.mint(user)).split(" ");
      return Buffer.from(basic, "base64").toString().slice(`${user}:`.length);
    },
  };
}

function settingsOf(accounts: object, forgejo: string, { http: { port } }: TestConfig): Settings {
  const { keyStore: _store, imagePrefix: _prefix, ...ci } = REAL_CASE.ci;
  const { repositories: _repositories, ...others } = REAL_CASE.forgejo;
  return parseSettings({
    ...REAL_CASE,
    registry: { ...REAL_CASE.registry, url: `http://127.0.0.1:${port}` },
    forgejo: { ...others, rootUrl: forgejo },
    ci: { ...ci, accounts },
  });
}
