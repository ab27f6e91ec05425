import { isObject, list } from "../../../core/json.ts";
import { decidingRules, lengthOf, parsePolicy, texts } from "../access/policies.ts";
import { commonSample, samplesOf } from "../access/globs/samples.ts";
import { ACTIONS } from "../access/settings.ts";
import { objectAt, valueAt } from "../config/syntax/anyCase.ts";
import { knowsAccounts } from "./signIns.ts";

/** zot grants nobody else what it grants to anyone, that is, to requests without credentials. */
type Subject =
  | { readonly kind: "anyone" | "signed-in users" }
  | { readonly kind: "group" | "user"; readonly name: string };

interface Grant {
  readonly subject: Subject;
  readonly actions: readonly string[];
  /** The policy's conditions; empty if there are none. */
  readonly conditions: string;
}

/** What a glob grants. */
interface Rules {
  readonly glob: string;
  readonly grants: readonly Grant[];
}

interface Rights {
  readonly globs: readonly Rules[];
  /** By `adminPolicy`. */
  readonly everywhere: readonly Grant[];
}

/** The rules that decide about one repository, before and after. */
interface Place {
  readonly before: Rules | undefined;
  readonly after: Rules | undefined;
}

interface Loss {
  readonly subject: string;
  /** The glob that grants it; `undefined`: `adminPolicy`. */
  readonly grantedOn: string | undefined;
  /** The glob whose repositories it is lost on. */
  readonly lostOn: string;
  readonly actions: readonly string[];
}

/** The groups that accounts are known to be in, by user name. */
export type Memberships = Readonly<Record<string, readonly string[]>>;

/**
 * What somebody may do by one config and not by another, one line for each subject and glob: `create, update on team/** for group developers`. A right
 * that comes in another form, by a wider glob for example, is not removed.
 */
export function removedRights(before: unknown, after: unknown, groupsOf: Memberships = {}): readonly string[] {
  const [old, now] = [rightsOf(before), rightsOf(after)];
  const losses = places(old.globs, now.globs).flatMap((place): readonly Loss[] => {
    const kept = [...(place.after?.grants ?? []), ...now.everywhere];
    const lost = (grant: Grant, grantedOn: string | undefined): Loss => {
      const covered = coveredBy(kept, grant, groupsOf);
      const actions = grant.actions.filter((action) => !covered.has(action));
      return { subject: nameOf(grant.subject), grantedOn, lostOn: narrower(place), actions };
    };
    return [
      ...(place.before?.grants ?? []).map((grant) => lost(grant, place.before?.glob)),
      ...old.everywhere.map((grant) => lost(grant, undefined)),
    ];
  });
  return [...linesOf(losses)].map(([where, actions]) => `${ordered(actions).join(", ")} ${where}`);
}

/** Whom a config grants an action, on whichever repositories: `group admins`. */
export function grantedTo(config: unknown, action: string): readonly string[] {
  const { globs, everywhere } = rightsOf(config);
  const grants = [...globs.flatMap((rules) => rules.grants), ...everywhere];
  return [...new Set(grants.filter(({ actions }) => actions.includes(action)).map(({ subject }) => nameOf(subject)))];
}

function linesOf(losses: readonly Loss[]): ReadonlyMap<string, ReadonlySet<string>> {
  const lines = new Map<string, Set<string>>();
  for (const { subject, grantedOn, lostOn, actions } of losses) {
    for (const action of ordered(new Set(actions))) {
      // What is lost on all repositories of a glob is not repeated for some of them.
      const isLostOnAll = losses.some(
        (other) =>
          other.grantedOn === grantedOn &&
          other.lostOn === grantedOn &&
          other.subject === subject &&
          other.actions.includes(action),
      );
      const where = `on ${grantedOn === undefined ? "every repository" : isLostOnAll ? grantedOn : lostOn} for ${subject}`;
      lines.set(where, (lines.get(where) ?? new Set()).add(action));
    }
  }
  return lines;
}

/** The actions that a subject still has by other grants. */
function coveredBy(
  grants: readonly Grant[],
  { subject, conditions }: Grant,
  groupsOf: Memberships,
): ReadonlySet<string> {
  const covers = (other: Subject): boolean => {
    if (!("name" in other)) return (other.kind === "anyone") === (subject.kind === "anyone");
    if (!("name" in subject)) return false;
    if (other.kind === subject.kind) return other.name === subject.name;
    const groups = Object.hasOwn(groupsOf, subject.name) ? groupsOf[subject.name] : undefined;
    return subject.kind === "user" && groups?.includes(other.name) === true;
  };
  return new Set(
    grants
      .filter((grant) => covers(grant.subject) && (grant.conditions === "" || grant.conditions === conditions))
      .flatMap(({ actions }) => actions),
  );
}

/** At least one place for each glob of both, and for each two that match the same repository: a new glob may decide there. */
function places(before: readonly Rules[], after: readonly Rules[]): readonly Place[] {
  const all = [...before, ...after];
  return all.flatMap((rules) => {
    const shared = all.flatMap(({ glob }) => commonSample(rules.glob, glob) ?? []);
    const found = [...new Set([...samplesOf(rules.glob, "sample"), ...shared])]
      .map((name) => ({ before: decidingRules(before, name), after: decidingRules(after, name) }))
      .filter((place) => place.before === rules || place.after === rules);
    if (found.length > 0 || !before.includes(rules)) return found;
    // A glob of which no example is known.
    const same = after.find(({ glob }) => glob.toLowerCase() === rules.glob.toLowerCase());
    return [{ before: rules, after: same ?? after.find(({ glob }) => glob === "**") }];
  });
}

function narrower({ before, after }: Place): string {
  if (before === undefined || after === undefined) return (before ?? after)?.glob ?? "";
  return lengthOf(after) > lengthOf(before) ? after.glob : before.glob;
}

function rightsOf(config: unknown): Rights {
  const access = valueAt(config, "http", "accessControl");
  if (!isObject(access)) {
    // Without rules, every account may do everything. Where there are no accounts either, nobody was given anything.
    const grants: Grant[] = [{ subject: { kind: "signed-in users" }, actions: EVERYTHING, conditions: "" }];
    return { globs: knowsAccounts(config) ? [{ glob: "**", grants }] : [], everywhere: [] };
  }
  return {
    globs: Object.entries(objectAt(access, "repositories")).map(([glob, rules]) => ({
      glob,
      grants: [
        ...list(valueAt(rules, "policies")).flatMap(grantsOf),
        { subject: { kind: "signed-in users" }, actions: texts(valueAt(rules, "defaultPolicy")), conditions: "" },
        { subject: { kind: "anyone" }, actions: texts(valueAt(rules, "anonymousPolicy")), conditions: "" },
      ],
    })),
    everywhere: grantsOf(valueAt(access, "adminPolicy")),
  };
}

/** What zot allows an account where there are no rules. */
export const EVERYTHING: readonly string[] = ["read", "create", "update", "delete"];

function grantsOf(policy: unknown): readonly Grant[] {
  const { groups, users, actions } = parsePolicy(policy);
  const given = list(valueAt(policy, "conditions"));
  const conditions = given.length === 0 ? "" : JSON.stringify(given);
  const subjects: readonly Subject[] = [
    ...groups.map((name) => ({ kind: "group", name }) as const),
    // A request without credentials has an empty user name.
    ...users.map((name) => (name === "" ? ({ kind: "anyone" } as const) : ({ kind: "user", name } as const))),
  ];
  return subjects.map((subject) => ({ subject, actions, conditions }));
}

function nameOf(subject: Subject): string {
  return "name" in subject ? `${subject.kind} ${subject.name}` : subject.kind;
}

/** Without actions that zot does not know: they grant nothing. */
function ordered(actions: ReadonlySet<string>): readonly string[] {
  return ACTIONS.filter((action) => actions.has(action));
}
