import type { Delivered } from "../applying/arrival.ts";
import { oneAtATime } from "../../../core/concurrency/queue.ts";
import { ifAllowed } from "../rights/check.ts";
import { Authentik } from "../client.ts";
import type { AuthentikConnection } from "../client.ts";
import { fingerprint } from "../../../core/secrets/fingerprint.ts";
import { at, list } from "../../../core/json.ts";
import { waitFor } from "../../../core/time/wait.ts";
import type { Context, Observed, Resource } from "../../../provider/resource.ts";
import { applyAgain } from "./appliedBlueprint.ts";
import { differenceIn } from "../compared/differences.ts";

/**
 * Objects of the blueprint as separate resources, so that a preview shows them and their drift. They write nothing: only the blueprint does,
 * and reapplying it repairs any drift.
 */
export interface ObjectRow extends AuthentikConnection, Delivered {
  /** What the blueprint says about the object: its entries in JSON. Absent in the state of earlier versions. */
  readonly declared?: string;
}

export interface PolicyBindingInputs extends ObjectRow {
  /** The application's slug. */
  readonly application: string;
  /** The group that may sign in. */
  readonly group: string;
  readonly order: number;
}

export interface ApplicationInputs extends ObjectRow {
  readonly slug: string;
  readonly name: string;
  readonly clientId: string;
  readonly redirectUri: string;
  /** The worker's variable with the client secret. Absent in the state of earlier versions, like the fingerprint. */
  readonly clientSecretVariable?: string;
  /** Fingerprint of the client secret that zot has. */
  readonly clientSecretFingerprint?: string;
}

export interface ServiceAccountInputs extends ObjectRow {
  readonly username: string;
  readonly group: string;
  /** Identifier of its app password. */
  readonly appPassword: string;
  /** Slug of its sign-in flow. Absent in the state of earlier versions. */
  readonly machineFlow?: string;
}

type State<I> = I & Observed;

export const policyBinding = seenIfAllowed<PolicyBindingInputs>(
  ({ application, group }) => `${application}/${group}`,
  async (authentik, { application, group, order }) => {
    const target = await authentik.application(application);
    if (target === undefined) return `there is no application "${application}"`;
    const bindings = await authentik.bindings(String(at(target, "pk")));
    const wrong = bindings
      .filter((candidate) => at(candidate, "group_obj", "name") === group)
      .map((binding) => {
        if (at(binding, "enabled") !== true) return `the PolicyBinding of the group "${group}" is disabled`;
        if (at(binding, "negate") === true)
          return `the PolicyBinding of the group "${group}" is negated: it keeps the group out`;
        if (at(binding, "order") !== order)
          return `the PolicyBinding of the group "${group}" has order ${String(at(binding, "order"))}, not ${order}`;
        return "";
      });
    // A second binding of the same group, created by hand, is no drift.
    if (wrong.includes("")) return "";
    return wrong[0] ?? `no PolicyBinding of the application "${application}" names the group "${group}"`;
  },
);

export const application = seenIfAllowed<ApplicationInputs>(
  ({ slug }) => slug,
  async (authentik, { slug, name, clientId, redirectUri, clientSecretVariable = "", clientSecretFingerprint }) => {
    const found = await authentik.application(slug);
    if (found === undefined) return `there is no application "${slug}"`;
    if (at(found, "name") !== name)
      return `the application "${slug}" is called "${String(at(found, "name"))}", not "${name}"`;
    const pk = at(found, "provider");
    if (typeof pk !== "number") return `the application "${slug}" has no provider`;
    if (at(found, "policy_engine_mode") === "all")
      return `the application "${slug}" only lets in members of all groups at once (policy_engine_mode is "all")`;
    const provider = await authentik.oauth2Provider(pk);
    if (at(provider, "client_id") !== clientId)
      return `the provider's client id is "${String(at(provider, "client_id"))}", not "${clientId}"`;
    const secret = at(provider, "client_secret");
    if (
      clientSecretFingerprint !== undefined &&
      typeof secret === "string" &&
      fingerprint(secret) !== clientSecretFingerprint
    )
      return (
        `the provider's client secret is not that of authentik.clientSecret. Give Authentik's worker the same value in the variable ${clientSecretVariable} ` +
        "(setting authentik.clientSecretVariable) and restart the worker, or correct the value in 1Password"
      );
    const uris = list(at(provider, "redirect_uris")).map((uri) => at(uri, "url"));
    if (!uris.includes(redirectUri)) return `the provider lacks the redirect URI ${redirectUri}`;
    // Without the certificate, the blueprint creates a provider that signs with the client secret: zot then accepts no token.
    if (typeof at(provider, "signing_key") !== "string")
      return "the provider has no signing key: the certificate of authentik.signingCertificate does not exist";
    const grants = at(provider, "grant_types");
    // Before 2026.5 a provider has no such list.
    return !Array.isArray(grants) || grants.includes("authorization_code")
      ? ""
      : `the provider lacks the grant type "authorization_code"`;
  },
);

/** The account is removed by its cleanup, after its key: it must sign in to revoke the key. */
export const serviceAccount = seen<ServiceAccountInputs>(
  ({ username }) => username,
  async (authentik, { username, group, appPassword, machineFlow }) => {
    const user = await authentik.user(username);
    if (user === undefined) return `there is no account "${username}"`;
    if (at(user, "is_active") !== true) return `the account "${username}" is disabled`;
    const groups = list(at(user, "groups_obj")).map((entry) => at(entry, "name"));
    if (!groups.includes(group)) return `the account "${username}" is not a member of "${group}"`;
    const token = await authentik.token(appPassword);
    if (token === undefined) return `there is no app password "${appPassword}"`;
    if (at(token, "user") !== at(user, "pk"))
      return `the app password "${appPassword}" does not belong to "${username}"`;
    if (at(token, "intent") !== "app_password") return `the token "${appPassword}" is not an app password`;
    if (at(token, "expiring") === true) return `the app password "${appPassword}" expires`;
    if (machineFlow === undefined || (await authentik.hasFlow(machineFlow))) return "";
    return `there is no sign-in flow "${machineFlow}"`;
  },
);

/** The same for an object that the token need not be able to view: then `up` skips it without a report. */
function seenIfAllowed<I extends ObjectRow>(
  idOf: (inputs: I) => string,
  look: (authentik: Authentik, inputs: I) => Promise<string>,
): Resource<I, State<I>> {
  return seen(idOf, async (authentik, inputs) => (await ifAllowed(async () => look(authentik, inputs))) ?? "");
}

/** A resource whose object the blueprint creates: waits until the object is as declared, and otherwise reapplies the blueprint. */
function seen<I extends ObjectRow>(
  idOf: (inputs: I) => string,
  lookClosely: (authentik: Authentik, inputs: I) => Promise<string>,
): Resource<I, State<I>> {
  /** What is most likely has a message of its own; then every attribute is compared. */
  const look = async (inputs: I, context: Context): Promise<string> => {
    const authentik = new Authentik(inputs, context.signal);
    const wrong = await lookClosely(authentik, inputs);
    return wrong === "" && inputs.declared !== undefined ? differenceIn(authentik, inputs.declared) : wrong;
  };
  const waitUntilSeen = async (inputs: I, context: Context): Promise<State<I>> => {
    let wrong = "";
    await waitFor(
      async () => {
        wrong = await look(inputs, context);
        return wrong === "" ? true : undefined;
      },
      {
        what: `${idOf(inputs)} to match the blueprint`,
        timeoutSeconds: Math.min(10, inputs.timeout),
        signal: context.signal,
        remedy: () => `In Authentik, ${wrong}. Check whether another blueprint or a person changes it.`,
      },
    );
    return { ...inputs, drift: "" };
  };
  /** The blueprint may have been applied long ago: only reapplying it restores what a person or an interrupted destroy changed. */
  const repaired = async (inputs: I, context: Context): Promise<State<I>> => {
    if ((await look(inputs, context)) !== "") {
      await oneAtATime(inputs.authentikUrl, async () => {
        // Another resource may have applied the blueprint meanwhile.
        const wrong = await look(inputs, context);
        if (wrong === "") return;
        context.progress(`applying the blueprint again, because ${wrong}`);
        await applyAgain(inputs, context);
      });
    }
    return waitUntilSeen(inputs, context);
  };
  return {
    computed: {},
    create: async (inputs, context) => ({ id: idOf(inputs), state: await repaired(inputs, context) }),
    read: async (state, context) => ({ ...state, drift: await look(state, context) }),
    update: async (_state, inputs, context) => repaired(inputs, context),
  };
}
