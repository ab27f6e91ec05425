import { at, list, string } from "../../../core/json.ts";
import type { Authentik } from "../client.ts";
import { ifAllowed } from "../rights/check.ts";
import { titleOfItem } from "./changes.ts";
import type { Names } from "./changes.ts";
import { UNKNOWN } from "./comparison.ts";
import type { Compared } from "./comparison.ts";
import { APPLICATION, FLOW, PROVIDER, TOKEN, USER, isSame, listed, valueOf } from "./models.ts";

const SCOPE_MAPPING = "authentik_providers_oauth2.scopemapping";
const STAGE_BINDING = "authentik_flows.flowstagebinding";

/**
 * Attributes of a provider by which its other clients work: with another issuer they refuse the tokens, public ones have no secret, and by another subject people are
 * unknown to them.
 */
const REPLACED = ["issuer_mode", "client_type", "sub_mode"];

/** Something that somebody can do now, and cannot do any more. */
export interface Loss {
  /** As `authentik.acceptRemoved` lists it. */
  readonly line: string;
  /** Whether the changed attributes of the object say it, too. */
  readonly isShown: boolean;
}

/**
 * What somebody can do by an object now, and cannot do any more once the blueprint has it. What the token may not view counts as taken away, since nobody
 * can tell.
 *
 * @param object one of those that the entry has been compared with
 */
export async function accessLost(
  authentik: Authentik,
  compared: Compared,
  object: unknown,
  names: Names,
): Promise<readonly Loss[]> {
  switch (compared.entry.model) {
    case PROVIDER:
      return lostByProvider(compared, object, names);
    case APPLICATION:
      return lostByApplication(authentik, compared, object);
    case USER:
      return lostByAccount(compared, object);
    case TOKEN: {
      const owner = string(at(object, "user_obj", "username"));
      const isOthers = owner !== "" && (await compared.wanted())["user"] !== at(object, "user");
      return isOthers ? [notShown(`the app password ${string(at(object, "identifier"))} of the account ${owner}`)] : [];
    }
    case FLOW:
      return lostByFlow(authentik, object);
    default:
      return [];
  }
}

async function lostByProvider({ wanted }: Compared, object: unknown, names: Names): Promise<readonly Loss[]> {
  const fields = await wanted();
  const of = `of the OAuth2 provider ${string(at(object, "name"))}`;
  const uris = without(at(object, "redirect_uris"), fields["redirect_uris"]);
  const mappings = fields["property_mappings"];
  const dropped = without(at(object, "property_mappings"), mappings);
  const replaced = REPLACED.filter((field) => {
    const actual = at(object, field);
    return actual !== undefined && actual !== fields[field];
  });
  return [
    ...replaced.map((field) => shown(`${field.replaceAll("_", " ")} ${string(at(object, field))} ${of}`)),
    ...uris.map((uri) => shown(`redirect URI ${titleOfItem(uri)} ${of}`)),
    ...(mappings === UNKNOWN
      ? [notShown(`scope mappings ${of} that authentik.token may not view`)]
      : await Promise.all(
          dropped.map(async (pk) => shown(`scope mapping ${await names.of(SCOPE_MAPPING, pk)} ${of}`)),
        )),
  ];
}

async function lostByApplication(
  authentik: Authentik,
  { wanted }: Compared,
  object: unknown,
): Promise<readonly Loss[]> {
  const of = `the application ${string(at(object, "slug"))}`;
  const provider = at(object, "provider");
  const another = provider !== null && provider !== undefined && (await wanted())["provider"] !== provider;
  const bindings = await ifAllowed(async () => authentik.bindings(String(at(object, "pk"))));
  return [
    ...(another ? [notShown(`the provider ${string(at(object, "provider_obj", "name"))} of ${of}`)] : []),
    ...(bindings === undefined
      ? [notShown(`who may use ${of}, which authentik.token may not view`)]
      : bindings.some((binding) => at(binding, "enabled") === true)
        ? []
        : [notShown(`access of everybody to ${of}, which has no PolicyBindings`)]),
  ];
}

async function lostByAccount({ wanted }: Compared, object: unknown): Promise<readonly Loss[]> {
  const groups = without(valueOf(object, "groups"), (await wanted())["groups"]);
  return groups.map((group) => shown(`group ${String(group)} of the account ${string(at(object, "username"))}`));
}

/** The blueprint's stages come beside those that a flow has, and only machines pass them. */
async function lostByFlow(authentik: Authentik, object: unknown): Promise<readonly Loss[]> {
  const slug = string(at(object, "slug"));
  const own = ["identification", "login"].map((stage) => `${slug}-${stage}`);
  const seen = await ifAllowed(async () => listed(authentik, STAGE_BINDING, { target: at(object, "pk") }));
  if (seen === undefined) return [notShown(`stages of the flow ${slug} that authentik.token may not view`)];
  const others = seen.map((binding) => string(at(binding, "stage_obj", "name"))).filter((name) => !own.includes(name));
  return others.length === 0 ? [] : [notShown(`sign-in by the stages of the flow ${slug}: ${others.join(", ")}`)];
}

function shown(line: string): Loss {
  return { line, isShown: true };
}

function notShown(line: string): Loss {
  return { line, isShown: false };
}

function without(actual: unknown, wanted: unknown): readonly unknown[] {
  return list(actual).filter((item) => !list(wanted).some((one) => isSame(item, one)));
}
